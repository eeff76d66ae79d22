import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type DiffID, openLayerStore } from '../../cache/index.ts';
import type { TarEntry } from '../../src/image/archive/index.ts';
import { compareTarNames, openLayerWriter } from '../../src/image/layer/index.ts';
import { openToc, type TocEntry } from '../../src/image/toc/index.ts';
import type { RelPath } from '../../src/util/rel-path.ts';
import { startWorker, type Worker } from '../../src/worker/client/index.ts';
import type { LowerChoice, RunReply, RunRequest } from '../../src/worker/protocol.ts';

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Ran = RunReply & { readonly stdout: string; readonly stderr: string };

/** A root with layers of its own, and a worker on it; the bundle and koffi lie where anybody can read them. */
export class WorkerRig implements AsyncDisposable {
  readonly dir: string;
  readonly root: string;
  readonly script: string;
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  readonly #lower: LowerChoice | undefined;
  #worker: Promise<Worker> | undefined;
  #count = 0;

  private constructor(dir: string, lower: LowerChoice | undefined) {
    this.dir = dir;
    this.#lower = lower;
    this.root = join(dir, 'root');
    this.script = join(dir, 'worker.mjs');
  }

  static async setup(lower?: LowerChoice): Promise<WorkerRig> {
    const rig = new WorkerRig(mkdtempSync(join(tmpdir(), 'tsbuild-worker-')), lower);
    await bundle(rig.dir);
    makeRoot(rig.root);
    return rig;
  }

  worker(): Promise<Worker> {
    this.#worker ??= this.start();
    return this.#worker;
  }

  start(): Promise<Worker> {
    const onWarning = (message: string): void => void this.warnings.push(message);
    const onNote = (message: string): void => void this.notes.push(message);
    const options = { rootDir: this.root, scriptPath: this.script, env: { PATH } };
    return startWorker({ ...options, lower: this.#lower, onWarning, onNote });
  }

  /** Runs a shell script, or an argv, on a stack. */
  async run(
    stack: readonly DiffID[],
    command: string | readonly string[],
    more: Partial<RunRequest> = {},
  ): Promise<Ran> {
    return this.runWith(stack, command, { more });
  }

  async runWith(
    stack: readonly DiffID[],
    command: string | readonly string[],
    { more = {}, signal = NEVER, onOutput = () => undefined }: RunExtras,
  ): Promise<Ran> {
    const worker = await this.worker();
    const said = { stdout: '', stderr: '' };
    const reply = await worker.run(this.request(stack, command, more), {
      signal,
      onOutput(stream, data) {
        said[stream] += Buffer.from(data).toString('utf8');
        onOutput(said[stream]);
      },
    });
    return { ...reply, ...said };
  }

  request(stack: readonly DiffID[], command: string | readonly string[], more: Partial<RunRequest> = {}): RunRequest {
    const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
    return {
      id: `run-${++this.#count}`,
      stack,
      process: { argv, env: [`PATH=${PATH}`], cwd: '/', user: '' },
      ...{ hostname: 'buildkitsandbox', network: 'host', security: 'sandbox' },
      ...{ mounts: [], extraHosts: [], ulimits: [] },
      logFile: join(this.root, 'logs', 'run.log'),
      ...more,
    };
  }

  layer(entries: readonly Partial<TarEntry & TocEntry & { content: string | Buffer }>[]): DiffID {
    return writeTestLayer(this.root, entries);
  }

  busybox(): DiffID {
    return busyboxLayer(this.root);
  }

  entries(diffID: DiffID): TocEntry[] {
    return [...openToc(openLayerStore(this.root).tocPath(diffID)).entries()];
  }

  paths(reply: Ran): string[] {
    return this.entries(layerOf(reply)).map(describe);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

interface RunExtras {
  readonly more?: Partial<RunRequest>;
  readonly signal?: AbortSignal;
  readonly onOutput?: (soFar: string) => void;
}

const NEVER = new AbortController().signal;

export function layerOf(reply: RunReply): DiffID {
  if (reply.outcome !== 'exited' || reply.layer === undefined) throw new Error(`no layer: ${JSON.stringify(reply)}`);
  return reply.layer.diffID;
}

export function describe(entry: TocEntry): string {
  if (entry.whiteout === true) return `-${entry.path}`;
  const mark =
    entry.type === 'directory'
      ? '/'
      : entry.type === 'symlink'
        ? ` -> ${entry.link}`
        : entry.type === 'hardlink'
          ? ` = ${entry.link}`
          : '';
  return `${entry.path}${mark}${entry.opaque === true ? ' opaque' : ''}`;
}

/** The worker and a front of its own, with koffi, in a directory that anybody can read. */
export async function bundle(dir: string): Promise<void> {
  chmodSync(dir, 0o755);
  await build({
    entryPoints: {
      worker: join(REPOSITORY, 'src/worker/server/main.ts'),
      driver: join(REPOSITORY, 'test/worker/driver.ts'),
    },
    ...{ outdir: dir, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20.11', external: ['koffi'], logLevel: 'error' },
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
  });
  for (const part of ['koffi', '@koromix']) {
    const from = join(REPOSITORY, 'node_modules', part);
    if (existsSync(from)) cpSync(from, join(dir, 'node_modules', part), { recursive: true, dereference: true });
  }
}

export interface Driver {
  readonly child: ChildProcess;
  /** Resolves with the first line that has the field. */
  line(field: string): Promise<Record<string, unknown>>;
  readonly lines: Record<string, unknown>[];
  readonly ended: Promise<unknown>;
}

/** @param as a command prefix that runs it as somebody else */
export function drive(
  dir: string,
  order: { root: string; requests: readonly RunRequest[]; path?: string; lower?: LowerChoice },
  as: readonly string[] = [],
): Driver {
  const text = JSON.stringify({ path: PATH, script: join(dir, 'worker.mjs'), ...order });
  const command = [...as, process.execPath, join(dir, 'driver.mjs'), text];
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
  });
  const lines: Record<string, unknown>[] = [];
  const ended = once(child, 'close');
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Record<string, unknown>);
    child.emit('line');
  });
  const line = async (field: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = lines.find((one) => field in one);
      if (found !== undefined) return found;
      if (await Promise.race([once(child, 'line').then(() => false), ended.then(() => true)])) {
        const last = lines.find((one) => field in one);
        if (last === undefined) throw new Error(`the driver ended without ${field}: ${JSON.stringify(lines)}`);
        return last;
      }
    }
  };
  return { child, line, lines, ended };
}

export function makeRoot(root: string): void {
  mkdirSync(root, { mode: 0o700 });
  for (const name of ['layers/v1', 'tmp', 'logs', 'mounts', 'run', 'leases'])
    mkdirSync(join(root, name), { recursive: true });
}

type Described = Partial<TarEntry & TocEntry & { content: string | Buffer }>;

/** Entries in any order; what is left out is a plain file of root's from 2020. */
export function writeTestLayer(root: string, described: readonly Described[]): DiffID {
  const store = openLayerStore(root);
  const temp = join(root, 'tmp', `layer-${process.pid}-${Math.floor(performance.now() * 1000)}`);
  const files = { tarPath: `${temp}.tar`, tocPath: `${temp}.toc` };
  const writer = openLayerWriter(files);
  const entries = described.map((one) => ({ ...PLAIN, ...one })).sort(compareTarNames);
  for (const { whiteout, opaque, content = '', ...entry } of entries) {
    const bytes = Buffer.from(content);
    if (whiteout === true) writer.whiteout(entry.path);
    else writer.add({ ...entry, size: bytes.length }, (sink) => sink(bytes), linkInfo(entry));
    if (opaque === true) writer.opaque(entry.path);
  }
  const { diffID, contentID, size } = writer.finish();
  store.publish(diffID, { tar: files.tarPath, toc: files.tocPath }, { contentID, size, blobs: {} });
  return diffID;
}

function linkInfo({ linkGroup }: Described) {
  return linkGroup === undefined ? {} : { linkGroup };
}

const PLAIN: TarEntry = {
  ...{
    path: 'file' as RelPath,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeSec: 1_577_836_800,
    mtimeNsec: 0,
  },
  ...{ link: '', devMajor: 0, devMinor: 0, xattrs: new Map() },
};

export function dir(path: string, more: Described = {}): Described {
  return { path: path as RelPath, type: 'directory', mode: 0o755, ...more };
}

export function file(path: string, content = '', more: Described = {}): Described {
  return { path: path as RelPath, content, ...more };
}

export function link(path: string, target: string, type: 'symlink' | 'hardlink' = 'symlink'): Described {
  return { path: path as RelPath, type, mode: 0o777, link: target };
}

const APPLETS = [
  'sh',
  'ls',
  'cat',
  'rm',
  'mkdir',
  'ln',
  'mv',
  'chmod',
  'chown',
  'touch',
  'stat',
  'id',
  'mount',
  'mknod',
  'mkfifo',
  'sleep',
];
const MORE_APPLETS = [
  'grep',
  'echo',
  'df',
  'wc',
  'sort',
  'find',
  'head',
  'tail',
  'tty',
  'env',
  'hostname',
  'readlink',
  'true',
  'kill',
  'cp',
  'dd',
  'tr',
  'awk',
  'seq',
  'ps',
  'unshare',
];

export function busyboxLayer(root: string): DiffID {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:app:/home/app:/bin/sh\n';
  return writeTestLayer(root, [
    // dev, proc and sys as in every image: the runtime makes what is missing of them, and that is a change
    ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp'].map((path) => dir(path)),
    dir('home/app', { uid: 1234, gid: 2345 }),
    file('bin/busybox', '', { mode: 0o755, content: readFileSync('/bin/busybox') }),
    ...[...APPLETS, ...MORE_APPLETS].map((name) => link(`bin/${name}`, 'busybox')),
    file('etc/passwd', passwd),
    file('etc/group', 'root:x:0:\nweb:x:33:app\napp:x:2345:\n'),
  ]);
}
