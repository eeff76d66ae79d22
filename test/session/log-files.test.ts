import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeLogFiles } from '../../src/session/log-files.ts';

function logFiles() {
  const logsDir = mkdtempSync(join(tmpdir(), 'tsbuild-logs-'));
  onTestFinished(() => rmSync(logsDir, { recursive: true }));
  const logFile = makeLogFiles({ logsDir, buildID: 'b1' });
  return (name: string) => basename(logFile(name));
}

test('a log is called like its step, and a step that runs again has the same', () => {
  const fileOf = logFiles();
  expect(fileOf('[build 2/3] RUN npm ci --omit=dev')).toBe('build-2-3-RUN-npm-ci-omit-dev.log');
  expect(fileOf('[build 2/3] RUN npm ci --omit=dev')).toBe('build-2-3-RUN-npm-ci-omit-dev.log');
});

test('steps with names that are alike have logs of their own', () => {
  const fileOf = logFiles();
  const long = 'stage'.repeat(20);
  const names = ['[a-b 2/2] RUN x', '[a.b 2/2] RUN x', `[${long} 2/3] RUN x`, `[${long} 3/3] RUN y`];
  expect(new Set(names.map(fileOf)).size).toBe(4);
  expect(names.map(fileOf)).toEqual(names.map(fileOf));
});
