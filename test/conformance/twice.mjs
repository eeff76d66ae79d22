#!/usr/bin/env node
// An engine for the conformance corpus that builds everything twice in one root: `run.mjs --tsbuild 'node test/conformance/twice.mjs'`.
// It fails a build whose second run is not all hits, or writes another archive. Left alone are builds that fail, that write no
// archive, and that are told to ignore the cache.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli/tsbuild.cjs', import.meta.url));
const argv = process.argv.slice(2);
const archive = argv.map((word) => /^type=oci,dest=(.*)$/.exec(word)?.[1]).find((dest) => dest !== undefined);
const stdin = await readAll(process.stdin);

process.exitCode = await main();

async function main() {
  const ignoresCache = argv.some((word) => word.startsWith('--no-cache'));
  if (archive === undefined || ignoresCache) return await build([]);
  const temp = mkdtempSync(join(dirname(archive), 'twice-'));
  try {
    const code = await build([]);
    if (code !== 0 || !existsSync(archive)) return code;
    const first = join(temp, 'first.tar');
    renameSync(archive, first);
    const report = join(temp, 'report.json');
    const again = await build(['--report', report]);
    const faults = again === 0 ? await differences(first, report) : [`the second build exited with ${again}`];
    for (const fault of faults) process.stderr.write(`twice: ${fault}\n`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

async function differences(first, report) {
  const { steps } = JSON.parse(readFileSync(report, 'utf8'));
  const faults = steps
    .filter((step) => step.status !== 'hit')
    .map((step) => `${step.name}: ${step.status}, ${step.reason?.message ?? 'no reason'}`);
  if ((await digestOf(first)) !== (await digestOf(archive))) faults.push('the second archive differs from the first');
  return faults;
}

function build(more) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...more, ...argv], { stdio: ['pipe', 'inherit', 'inherit'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function digestOf(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
