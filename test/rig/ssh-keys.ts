import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface KeyFile {
  readonly path: string;
  readonly text: string;
  /** The line of the .pub file: kind and base64. */
  readonly publicLine: string;
}

/** A directory that goes with the test. */
export function testDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'ssh-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** What `ssh-keygen` makes with these arguments. */
export function keygen(dir: string, argv: readonly string[], name = argv.join('')): KeyFile {
  const path = join(dir, name);
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'who@where', ...argv, '-f', path]);
  const [kind = '', base64 = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return { path, text: readFileSync(path, 'utf8'), publicLine: `${kind} ${base64}` };
}
