import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contentIDOf, diffIDOf, digestOf, type KeyMaterial } from '../../cache/index.ts';
import type { CopyOp, RunMount, RunOp } from '../../src/graph/index.ts';
import { copyFactsMaterial, copyMaterial } from '../../src/ops/copy-key.ts';
import { imageMaterial } from '../../src/ops/given.ts';
import { mkdirMaterial } from '../../src/ops/mkdir-op.ts';
import { runMaterial } from '../../src/ops/run/key.ts';

const whole = readFileSync(new URL('../../docs/cache.md', import.meta.url), 'utf8');
const page = whole.split(/^## /m).find((section) => section.startsWith('What is in a key')) ?? '';
const platform = { os: 'linux', architecture: 'amd64' };
const inputs = [contentIDOf(diffIDOf(digestOf('below')))];
const content = digestOf('files');

const copy: CopyOp = {
  ...{ kind: 'copy', instruction: 'COPY', sources: [], dest: '/', link: false, parents: false, excludes: [] },
  unpack: false,
};
const ids = { mode: 0o400, uid: 0, gid: 0 };
const mounts: readonly RunMount[] = [
  { type: 'bind', input: 1, source: '/', target: '/b', readOnly: true },
  { type: 'cache', id: 'c', target: '/c', sharing: 'shared', readOnly: false, attributes: ids },
  { type: 'tmpfs', target: '/t', readOnly: false },
  { type: 'secret', id: 's', target: '/s', required: true, ...ids },
  { type: 'ssh', id: 'a', target: '/a', required: true, ...ids },
];
const run: RunOp = {
  ...{ kind: 'run', argv: ['true'], env: [], cwd: '/', user: '', platform, hostname: 'h', network: 'default' },
  ...{ security: 'sandbox', mounts, extraHosts: [], ulimits: [], devices: [] },
};

/** As the ops make them. */
const KEYS: readonly KeyMaterial[] = [
  imageMaterial({ name: 'docker.io/library/node:20', manifest: digestOf('manifest'), platform }),
  copyMaterial(copy, { inputs, content }),
  copyFactsMaterial(copy, { content, facts: {} }),
  runMaterial(run, inputs, content),
  mkdirMaterial({ kind: 'mkdir', path: '/app', user: '' }, inputs),
];

/** Of the section of a kind of key: the first column of its first table, one name after the other. */
function toldParts(op: string): string[] {
  const section = page.split(/^### /m).find((text) => text.startsWith(`\`${op}\``)) ?? '';
  const table = section.split('\n\n').find((block) => block.startsWith('| part |')) ?? '';
  return table
    .split('\n')
    .slice(2)
    .flatMap((row) => namesIn(row.split('|')[1]));
}

function namesIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
}

test('each kind of key has its section', () => {
  const told = [...page.matchAll(/^### `([a-z-]+)`/gm)].map((match) => match[1]);
  expect(told).toEqual(KEYS.map(({ op }) => op));
});

describe('the parts that the page tells are those that the key is made of', () => {
  test.each(KEYS.map((key) => [key.op, key] as const))('%s', (op, { fields, content: read, inputs: below }) => {
    const parts = [
      ...Object.keys(fields),
      ...(read === undefined ? [] : ['content']),
      ...(below.length === 0 ? [] : ['inputs']),
    ];
    expect(toldParts(op).sort()).toEqual(parts.sort());
  });
});

test('so are those of mounts', () => {
  const rows = page.split('\n').filter((row) => /^\| `(bind|cache|tmpfs|secret|ssh)` \|/.test(row));
  const told = rows.map((row) => [...namesIn(row.split('|')[1]), ...namesIn(row.split('|')[2])]);
  const fields = runMaterial(run, inputs, content).fields['mounts'] as readonly Record<string, string>[];
  expect(told).toEqual(fields.map(({ type, ...parts }) => [type, ...Object.keys(parts)]));
});

test('every part has its reason', () => {
  for (const row of page.split('\n').filter((line) => /^\| `[\w`, ]+ \|/.test(line)))
    expect(row.split('|').at(-2)?.trim().length, row).toBeGreaterThan(6);
});
