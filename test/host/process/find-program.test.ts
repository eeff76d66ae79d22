import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findProgram, requireRuntime } from '../../../src/host/process/index.ts';

test('a program is an executable file: no directory, and nothing else that lies there', () => {
  const dir = mkdtempSync(join(tmpdir(), 'programs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ['first', 'second', 'third']) mkdirSync(join(dir, name));
  mkdirSync(join(dir, 'first/tool'));
  writeFileSync(join(dir, 'second/tool'), '');
  chmodSync(join(dir, 'second/tool'), 0o644);
  writeFileSync(join(dir, 'third/tool'), '#!/bin/sh\n');
  chmodSync(join(dir, 'third/tool'), 0o755);
  const searchPath = ['first', 'second', 'third'].map((name) => join(dir, name)).join(':');
  expect(findProgram('tool', searchPath)).toBe(join(dir, 'third/tool'));
  expect(findProgram(join(dir, 'first/tool'), searchPath)).toBeUndefined();
});

test('a runtime that is not there: what helps depends on who named it', () => {
  const missing = (hint: string): unknown =>
    expect.objectContaining({ code: 'runtime-missing', hint: expect.stringContaining(hint) });
  expect(() => requireRuntime('/none/runc', '')).toThrow(missing('leave --oci-runtime out'));
  expect(() => requireRuntime('no-such-runtime', '')).toThrow(missing('leave --oci-runtime out'));
});
