import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { BuildError } from '../../errors.ts';
import { findProgram, run } from '../../host/process/index.ts';
import { idMapArguments, parseSubIds } from './sub-ids.ts';

export interface NamespacePlan {
  /** The command line before the worker's own. */
  readonly argv: readonly string[];
  /** To be called once the started process has written a line: maps its ids; then it waits for a line. */
  readonly mapIDs?: (pid: number, options: { signal: AbortSignal }) => Promise<void>;
  /** What will not work, for people. */
  readonly warning?: string;
}

/** pid 1 of the worker's namespace reaps orphans, which node does not. */
const REAPER = ['sh', '-c', '"$@" & wait $!', 'sh'];

const ISOLATE = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];

/**
 * How the worker comes into namespaces of its own that end with this process, however it ends: the first program dies by the kernel's
 * hand, and takes the namespaces' first process with it.
 * @throws BuildError runtime-missing
 */
export function planNamespaces(searchPath: string, isRoot: boolean): NamespacePlan {
  const setpriv = required('setpriv', 'util-linux', searchPath);
  const unshare = required('unshare', 'util-linux', searchPath);
  const lifeline = [setpriv, '--pdeathsig', 'KILL'];
  const isolate = [unshare, ...ISOLATE, '--', ...REAPER];
  if (isRoot) return { argv: [...lifeline, ...isolate] };
  const maps = planIDMaps(searchPath);
  if (typeof maps === 'string') {
    const warning = `${maps}: all files in a RUN belong to one user, and programs that change ids (apt, su) fail`;
    return { argv: [...lifeline, unshare, '--user', '--map-root-user', ...ISOLATE, '--', ...REAPER], warning };
  }
  // An empty map first: setuid helpers write the real one. The second unshare makes the process root in there.
  const gate = 'echo ready; read -r _ && exec "$@" < /dev/null > /dev/null';
  return { argv: [...lifeline, unshare, '--user', '--', 'sh', '-c', gate, 'sh', ...isolate], mapIDs: maps };
}

/** Or why there is but one id. */
function planIDMaps(searchPath: string): NonNullable<NamespacePlan['mapIDs']> | string {
  const { username: name, uid, gid } = userInfo();
  const uids = parseSubIds(readText('/etc/subuid'), { name, id: uid });
  const gids = parseSubIds(readText('/etc/subgid'), { name, id: uid });
  if (uids.length === 0 || gids.length === 0) return `${name} has no sub-ids (usermod --add-subuids, --add-subgids)`;
  const tools = ['newuidmap', 'newgidmap'].map((tool) => findProgram(tool, searchPath));
  const [newuidmap, newgidmap] = tools;
  if (newuidmap === undefined || newgidmap === undefined) return 'newuidmap is not installed (apt-get install uidmap)';
  return async (pid, { signal }) => {
    const maps = [
      [newuidmap, String(pid), ...idMapArguments(uid, uids)],
      [newgidmap, String(pid), ...idMapArguments(gid, gids)],
    ];
    await Promise.all(maps.map((argv) => writeMap(argv, signal)));
  };
}

async function writeMap(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await run(argv, { signal });
  if (exitCode === 0) return;
  throw new BuildError('userns-refused', `your sub-ids cannot be used: ${stderr.toString('utf8').trim()}`, {
    hint: 'check your ranges in /etc/subuid and /etc/subgid, and that newuidmap and newgidmap are setuid',
  });
}

function required(program: string, debianPackage: string, searchPath: string): string {
  const path = findProgram(program, searchPath);
  if (path !== undefined) return path;
  throw new BuildError('runtime-missing', `${program} is not installed`, {
    hint: `apt-get install -y ${debianPackage}`,
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
