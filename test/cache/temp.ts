import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CacheRecord, contentIDOf, type DiffID, diffIDOf, digestOf, type KeyMaterial } from '../../cache/index.ts';

/** A directory that goes with the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'cache-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store's surroundings: names below `<dir>/tmp`, and the warnings it gave. */
export function surroundings(dir: string) {
  const tmp = join(dir, 'tmp');
  mkdirSync(tmp, { recursive: true });
  let count = 0;
  const warnings: string[] = [];
  return {
    tmp,
    warnings,
    tempPath: (purpose: string) => join(tmp, `${++count}-${purpose}`),
    onWarning: (message: string) => void warnings.push(message),
  };
}

export function diffIDNamed(name: string): DiffID {
  return diffIDOf(digestOf(name));
}

export function materialNamed(name: string, more: Partial<KeyMaterial> = {}): KeyMaterial {
  return { op: 'run', version: 1, fields: { argv: [name] }, inputs: [], ...more };
}

export function recordOf(material: KeyMaterial, key: CacheRecord['key'], more: Partial<CacheRecord> = {}): CacheRecord {
  const diffID = diffIDNamed(JSON.stringify(material));
  return {
    key,
    material,
    layers: [{ diffID, contentID: contentIDOf(diffID), verified: true, origins: [] }],
    createdAt: 1_700_000_000_000,
    lastUsedAt: 1_700_000_000_000,
    costMs: 12,
    place: { build: '/app Dockerfile', stage: 'build', index: 2, kind: 'RUN' },
    explanation: {},
    ...more,
  };
}
