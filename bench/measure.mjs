// One command, measured: wall and CPU time, peak memory of its processes and its daemon's, growth of its disk.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const SAMPLE_MS = 20;
const TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);
const PAGE = Number(spawnSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }).stdout);

/**
 * @param {string} command for bash
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, daemons?: readonly number[], disk: readonly string[] }} options
 * @returns {Promise<{ wallMs: number, cpuMs: number, peakBytes: number, diskBytes: number }>}
 */
export async function measure(command, { cwd, env = process.env, daemons = [], disk }) {
  const before = diskBytes(disk);
  const cpuBefore = sum(daemons.map(cpuMsOf));
  const started = process.hrtime.bigint();
  const child = spawn('bash', ['-c', `TIMEFORMAT='cpu %U %S'; time { ${command}; }`], { cwd, env });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf([child.pid, ...daemons]));
  }, SAMPLE_MS);
  const code = await new Promise((done) => child.on('close', done));
  const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
  clearInterval(timer);
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`${command}\nexited with ${code}\n${text.slice(-3000)}`);
  const [, user = '0', system = '0'] = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(text) ?? [];
  const cpuMs = (Number(user) + Number(system)) * 1000 + sum(daemons.map(cpuMsOf)) - cpuBefore;
  return { wallMs, cpuMs, peakBytes, diskBytes: diskBytes(disk) - before };
}

/** Resident bytes of the processes and all below them; pages that they share count once for each. */
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
  return sum(
    [...parents.keys()].filter(isBelow).map((pid) => Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE),
  );
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
