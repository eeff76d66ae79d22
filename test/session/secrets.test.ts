import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSecret } from '../../src/session/secrets.ts';
import { sessionRig } from './rig.ts';

const text = async (id: string, secrets: Parameters<typeof readSecret>[1]): Promise<string> =>
  Buffer.from((await readSecret(id, secrets)) ?? []).toString('utf8');

test('a pipe is read once, for all who ask', async () => {
  const { dir } = await sessionRig();
  const path = join(dir, 'pipe');
  execFileSync('mkfifo', [path]);
  spawn('sh', ['-c', 'printf token > "$0"', path]);
  const secrets = new Map([['t', { kind: 'file', path }]] as const);
  expect(await Promise.all([text('t', secrets), text('t', secrets)])).toEqual(['token', 'token']);
  expect(await text('t', secrets)).toBe('token');
});

test('a file is read each time; one that is too large, or gone, is an error', async () => {
  const { dir } = await sessionRig();
  const path = join(dir, 'file');
  const secrets = new Map([['t', { kind: 'file', path }]] as const);
  await expect(readSecret('t', secrets)).rejects.toMatchObject({ code: 'secret-missing' });
  for (const value of ['one', 'two']) {
    writeFileSync(path, value);
    expect(await text('t', secrets)).toBe(value);
  }
  writeFileSync(path, Buffer.alloc(500 * 1024 + 1));
  await expect(readSecret('t', secrets)).rejects.toMatchObject({ code: 'secret-missing' });
});
