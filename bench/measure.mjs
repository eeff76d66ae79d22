import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS = 100;
const SAMPLE_MS = 50;

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** utime, stime and those of children that were waited for, in seconds. */
function cpuOf(pid, from) {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(from, 15)
    .map(Number);
  return fields.reduce((sum, ticks) => sum + ticks, 0) / TICKS;
}

/** Bytes sent to disks by a process and by children that were waited for. */
const writtenBy = (pid) => Number(/^write_bytes: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);

function residentOfTrees(roots) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const ppid = /\) \S (\d+)/s.exec(read(`/proc/${name}/stat`))?.[1];
    if (ppid !== undefined) parents.set(Number(name), Number(ppid));
  }
  const inside = (pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (roots.includes(at)) return true;
    return false;
  };
  let kib = 0;
  for (const pid of parents.keys())
    if (inside(pid)) kib += Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
  return kib / 1024;
}

/** One whole process (and the daemons that work for it), measured. */
export async function measured(argv, daemons = []) {
  const cpu = () => cpuOf('self', 13) + daemons.reduce((sum, pid) => sum + cpuOf(pid, 11), 0);
  const written = () => writtenBy('self') + daemons.reduce((sum, pid) => sum + writtenBy(pid), 0);
  const before = { cpu: cpu(), written: written() };
  const start = process.hrtime.bigint();
  const env = { ...process.env };
  delete env.NODE_EXTRA_CA_CERTS;
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], env });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000);
  });
  let peakMiB = 0;
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentOfTrees([child.pid, ...daemons]));
  }, SAMPLE_MS);
  const { code, seconds } = await new Promise((resolve, reject) => {
    child.on('error', reject);
    let took = 0;
    child.on('exit', () => {
      took = Number(process.hrtime.bigint() - start) / 1e9;
    });
    child.on('close', (status) => resolve({ code: status, seconds: took }));
  });
  clearInterval(timer);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${errors}`);
  return {
    seconds,
    cpuSeconds: cpu() - before.cpu,
    peakMiB,
    writtenMiB: (written() - before.written) / 1048576,
    load: Number(read('/proc/loadavg').split(' ')[0]),
  };
}
