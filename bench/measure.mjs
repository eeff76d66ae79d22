// One command, measured: wall and CPU time, peak memory of its processes and its daemon's, growth of its disk.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SAMPLE_MS = 20;
/** Without this machine's own authorities, which each start of Node would read for 80 ms. */
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env;
const TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);
if (spawnSync('hyperfine', ['--version']).status !== 0)
  throw new Error('hyperfine is not installed: apt-get install -y hyperfine');

/**
 * hyperfine starts it and takes the times; what it holds is looked at meanwhile.
 *
 * @param {string} command for bash
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, daemons?: readonly number[], disk: readonly string[] }} options
 * @returns {Promise<{ wallMs: number, cpuMs: number, peakBytes: number, diskBytes: number }>}
 */
export async function measure(command, { cwd, env = ENVIRONMENT, daemons = [], disk }) {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-measure-'));
  try {
    const [script, figures] = [join(dir, 'command.sh'), join(dir, 'figures.json')];
    writeFileSync(script, command);
    const before = diskBytes(disk);
    const cpuBefore = sum(daemons.map(cpuMsOf));
    const args = ['-N', '-i', '--show-output', '-r', '1', '--export-json', figures, `bash ${script}`];
    const { text, peakBytes } = await ran(args, { cwd, env, daemons });
    const [figure] = JSON.parse(readFileSync(figures, 'utf8')).results;
    const [code] = figure.exit_codes;
    if (code !== 0) throw new Error(`${command}\nexited with ${code}\n${text.slice(-3000)}`);
    const cpuMs = (figure.user + figure.system) * 1000 + sum(daemons.map(cpuMsOf)) - cpuBefore;
    return { wallMs: figure.mean * 1000, cpuMs, peakBytes, diskBytes: diskBytes(disk) - before };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @param {readonly string[]} args of hyperfine @param {{ cwd: string, env: NodeJS.ProcessEnv, daemons: readonly number[] }} options */
async function ran(args, { cwd, env, daemons }) {
  const child = spawn('hyperfine', args, { cwd, env });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf([child.pid, ...daemons]));
  }, SAMPLE_MS);
  const code = await new Promise((done) => child.on('close', done));
  clearInterval(timer);
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`hyperfine ended with ${code}\n${text.slice(-3000)}`);
  return { text, peakBytes };
}

/** What the processes and all below them hold. Pages of files, on disk or in memory, which those that run the same program share, count once for each program. */
function memoryOf(roots) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    if (stat !== '') parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (roots.includes(at)) return true;
    return false;
  };
  let own = 0;
  const ofPrograms = new Map();
  for (const pid of [...parents.keys()].filter(isBelow)) {
    const status = read(`/proc/${pid}/status`);
    own += kilobytes(status, 'RssAnon');
    const program = /^Name:\t(.*)$/m.exec(status)?.[1];
    const shared = kilobytes(status, 'RssFile') + kilobytes(status, 'RssShmem');
    ofPrograms.set(program, Math.max(ofPrograms.get(program) ?? 0, shared));
  }
  return (own + sum([...ofPrograms.values()])) * 1024;
}

function kilobytes(status, field) {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
}

function cpuMsOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const [user, system, childUser, childSystem] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return ((user + system + childUser + childSystem) / TICKS) * 1000;
}

function diskBytes(paths) {
  if (paths.length === 0) return 0;
  const { stdout } = spawnSync('du', ['-sc', '--block-size=1', ...paths], { encoding: 'utf8' });
  return Number(/(\d+)\s+total/.exec(stdout)?.[1] ?? 0);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
