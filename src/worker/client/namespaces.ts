import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { BuildError } from '../../errors.ts';
import { findProgram, requireProgram, run } from '../../host/process/index.ts';
import { hasCapability } from '../../host/sys/index.ts';
import { subIdsRefused } from './problems.ts';
import { idMapArguments, ownIdMap, parseSubIds } from './sub-ids.ts';

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
export function planNamespaces(searchPath: string, isBelowUser: boolean): NamespacePlan {
  const ofUtilLinux = { searchPath, debianPackage: 'util-linux' };
  const setpriv = requireProgram('setpriv', ofUtilLinux);
  const unshare = requireProgram('unshare', ofUtilLinux);
  const lifeline = [setpriv, '--pdeathsig', 'KILL'];
  const isolate = [unshare, ...ISOLATE, '--', ...REAPER];
  if (!isBelowUser) return { argv: [...lifeline, ...isolate] };
  const maps = mapsOfRoot() ?? planIDMaps(searchPath);
  if (typeof maps === 'string') {
    const warning = `${maps}: all files in a RUN belong to one user, and programs that change ids (apt, su) fail`;
    return { argv: [...lifeline, unshare, '--user', '--map-root-user', ...ISOLATE, '--', ...REAPER], warning };
  }
  // An empty map first: others write the real one. What is executed then becomes root in there, which cuts the lifeline: it is tied anew.
  const gate = 'echo ready; read -r _ && exec "$@" < /dev/null > /dev/null';
  const inside = ['sh', '-c', gate, 'sh', ...lifeline, ...isolate];
  return { argv: [...lifeline, unshare, '--user', '--', ...inside], mapIDs: maps };
}

const SETGID = 6n;
const SETUID = 7n;
const SETFCAP = 31n;

/** A root that may give a namespace all ids that it has itself; undefined when it may not, and for others. */
function mapsOfRoot(): NamespacePlan['mapIDs'] {
  if (process.getuid?.() !== 0 || ![SETGID, SETUID, SETFCAP].every((bit) => hasCapability(bit))) return undefined;
  return async (pid) => {
    for (const file of ['uid_map', 'gid_map']) {
      const map = ownIdMap(readText(`/proc/self/${file}`));
      try {
        writeFileSync(`/proc/${pid}/${file}`, map);
      } catch (error) {
        throw new BuildError('sandbox-unavailable', `ids cannot be mapped: ${(error as Error).message}`, {
          hint: 'in a container, run tsbuild as an ordinary user, or give it CAP_SYS_ADMIN',
          cause: error,
        });
      }
    }
  };
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
  throw subIdsRefused(stderr.toString('utf8').trim());
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
