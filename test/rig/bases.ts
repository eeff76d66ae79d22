import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { output, REPOSITORY } from './cli.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A tsbuild root that holds debian:bookworm-slim, node:20-bookworm-slim and busybox. */
    baseRoot: string;
  }
}

const ALL = ['debian:bookworm-slim', 'node:20-bookworm-slim', 'busybox'];

/** Global setup of the end-to-end tests: base images are made once, in a root that tests share. */
export default async function setup(project: TestProject): Promise<() => void> {
  const root = mkdtempSync(join(tmpdir(), 'tsbuild-test-bases-'));
  await makeBases(root);
  project.provide('baseRoot', root);
  return () => rmSync(root, { recursive: true, force: true });
}

export async function makeBases(
  root: string,
  names: readonly string[] = ALL,
  as: readonly string[] = [],
  cache?: string,
): Promise<void> {
  await output([...as, 'bash', join(REPOSITORY, 'scripts/make-bases.sh'), root, ...names], {
    env: { TSBUILD_DEMO_COMPRESSION: 'uncompressed', ...(cache === undefined ? {} : { TSBUILD_DEMO_CACHE: cache }) },
  });
}
