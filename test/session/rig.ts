import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openRoot, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../../src/build-options.ts';
import { openQuickSignature } from '../../src/host/fs/index.ts';
import { fileLocks } from '../../src/host/sys/index.ts';

/** A directory with a root and whatever a test writes beside it; it goes with the test. */
export async function sessionRig() {
  const dir = mkdtempSync(join(tmpdir(), 'session-'));
  const warnings: string[] = [];
  const root: Root = await openRoot(join(dir, 'root'), {
    locks: fileLocks,
    now: () => 1_700_000_000_000,
    quickSignature: await openQuickSignature(),
    onWarning: (message) => void warnings.push(message),
  });
  onTestFinished(async () => {
    await root[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    dir,
    root,
    warnings,
    write: (files: Readonly<Record<string, string>>): void => {
      for (const [path, text] of Object.entries(files)) {
        const file = join(dir, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    },
    options: (more: Partial<BuildOptions> = {}): BuildOptions => ({ ...PLAIN, cwd: dir, rootDir: root.dir, ...more }),
  };
}

const PLAIN: Omit<BuildOptions, 'cwd' | 'rootDir'> = {
  context: 'context',
  tags: [],
  buildArgs: new Map(),
  labels: new Map(),
  buildPlatform: { os: 'linux', architecture: 'amd64' },
  contexts: new Map(),
  secrets: new Map(),
  ssh: new Map(),
  noCache: false,
  noCacheFilter: [],
  pull: 'auto',
  network: 'default',
  allow: new Set(),
  extraHosts: [],
  ulimits: [],
  jobs: 1,
  registryConfig: { registries: {} },
  credentials: new Map(),
  proxyEnv: {},
  workerEnv: {},
  workerScript: '/nowhere',
  stdout: () => Promise.resolve(),
};
