import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaErrors } from './report-schema.ts';

export const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const CLI = join(REPOSITORY, 'dist/cli/tsbuild.cjs');
export const FIXTURES = join(REPOSITORY, 'fixtures');

export interface ReportStep {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly kind: string;
  readonly line: number;
  readonly status: 'hit' | 'miss' | 'failed' | 'cancelled';
  readonly refused?: boolean;
  readonly reason?: {
    readonly code: string;
    readonly message: string;
    readonly changes: readonly { path?: string; name?: string; what: string }[];
  };
  readonly startedMs: number;
  readonly durationMs: number;
  readonly savedMs: number;
  readonly layer?: { readonly diffID: string; readonly size: number };
}

export interface Report {
  readonly schemaVersion: number;
  readonly result: 'built' | 'failed' | 'cancelled';
  readonly durationMs: number;
  readonly image?: {
    readonly digest: string;
    readonly configDigest: string;
    readonly platform: string;
    readonly tags: readonly string[];
  };
  readonly steps: readonly ReportStep[];
  readonly summary: {
    readonly steps: number;
    readonly hits: number;
    readonly misses: number;
    readonly refused?: number;
    readonly savedMs: number;
  };
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Built extends Finished {
  /** Absent when the build ended before there was anything to report. */
  readonly report: Report | undefined;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** A prefix that runs the command as somebody else. */
  readonly as?: readonly string[];
}

/** A directory of its own with a tsbuild root and a build context; drives the bundled CLI as a person would. */
export class CliRig implements AsyncDisposable {
  readonly dir: string;
  readonly context: string;
  root: string;
  cli = CLI;
  #builds = 0;

  private constructor(dir: string, root: string) {
    this.dir = dir;
    this.context = join(dir, 'context');
    this.root = root;
    mkdirSync(this.context);
  }

  /** @param root a root to share with other tests (their cached bases); a fresh one without it. */
  static setup(root?: string): CliRig {
    const dir = mkdtempSync(join(tmpdir(), 'tsbuild-test-'));
    return new CliRig(dir, root ?? join(dir, 'root'));
  }

  /** Writes files below the build context; a common indent and the first line's break are taken off. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.context, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, dedent(text));
    }
  }

  copyFixture(name: string): void {
    cpSync(join(FIXTURES, name), this.context, { recursive: true });
  }

  /** `tsbuild --root … FLAGS CONTEXT` with a report, which must be as its schema says. */
  async build(flags: readonly string[] = [], options: RunOptions = {}, context = this.context): Promise<Built> {
    this.#builds += 1;
    const file = join(this.dir, `report-${String(this.#builds)}.json`);
    const finished = await this.tsbuild(['--progress', 'plain', '--report', file, ...flags, context], options);
    return { ...finished, report: readReport(file) };
  }

  /** A build that must succeed. */
  async built(
    flags: readonly string[] = [],
    options: RunOptions = {},
    context = this.context,
  ): Promise<Built & { readonly report: Report }> {
    const built = await this.build(flags, options, context);
    if (built.code !== 0 || built.report === undefined) {
      throw new Error(`tsbuild ${flags.join(' ')} exited with ${String(built.code)}:\n${built.stderr}`);
    }
    return { ...built, report: built.report };
  }

  /** Whatever happens, Node has nothing to say on the user's terminal. */
  async tsbuild(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const finished = await this.start(argv, options).finished;
    const [warning] = /^\(node:\d+\) .*/m.exec(finished.stderr) ?? [];
    if (warning !== undefined) throw new Error(`tsbuild ${argv.join(' ')}: ${warning}`);
    return finished;
  }

  /** The same, still running. */
  start(argv: readonly string[], options: RunOptions = {}): ReturnType<typeof startProcess> {
    const command = [...(options.as ?? []), process.execPath, this.cli, '--root', this.root, ...argv];
    return startProcess(command, { ...options, cwd: options.cwd ?? this.dir });
  }

  /** Names in the rig's directory, the reports aside. */
  leftovers(): string[] {
    return readdirSync(this.dir).filter((name) => !name.startsWith('report-') && name !== 'context' && name !== 'root');
  }

  [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.dir, { recursive: true, force: true });
    return Promise.resolve();
  }
}

/** Runs a program to its end; only a program that cannot be started is an error. */
export function run(command: readonly string[], options: Omit<RunOptions, 'as'> = {}): Promise<Finished> {
  return startProcess(command, options).finished;
}

/** A program that must succeed; its stdout. */
export async function output(command: readonly string[], options: Omit<RunOptions, 'as'> = {}): Promise<string> {
  const finished = await run(command, options);
  if (finished.code !== 0)
    throw new Error(`${command.join(' ')} exited with ${String(finished.code)}:\n${finished.stderr}${finished.stdout}`);
  return finished.stdout;
}

export function startProcess(command: readonly string[], { cwd, env, input }: RunOptions = {}) {
  const [program = '', ...argv] = command;
  const child = spawn(program, argv, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', GITHUB_STEP_SUMMARY: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, finished, output: () => stdout + stderr };
}

/** Waits until a claim holds: polls, because what it watches is outside this process. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { withinMs }: { withinMs: number },
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `[build 2/6] COPY . .` → its step. */
export function step(report: Report, text: string): ReportStep {
  const found = report.steps.filter((one) => one.name.includes(text));
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(
      `${String(found.length)} steps hold ${JSON.stringify(text)}: ${report.steps.map((one) => one.name).join(', ')}`,
    );
  }
  return found[0];
}

function readReport(file: string): Report | undefined {
  if (!existsSync(file)) return undefined;
  const report: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const errors = schemaErrors(report);
  if (errors.length > 0) throw new Error(`the report is not as its schema says: ${errors.join('; ')}`);
  return report as Report;
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').split('\n');
  const indent = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0),
  );
  const cut = lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0));
  return `${cut.join('\n').trimEnd()}\n`;
}
