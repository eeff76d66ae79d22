import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chunksIn } from '../../../src/cli/start/load.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsbuild-chunks-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function writeChunk(name: string, body: string): void {
  writeFile(name, { [name]: body });
}

function writeFile(name: string, bodies: { readonly [name: string]: string }): void {
  const chunks = Object.entries(bodies).map(
    ([chunk, body]) => `"${chunk}.cjs":function(exports,require,module,__filename,__dirname){${body}}`,
  );
  writeFileSync(join(dir, `${name}.cjs`), `({${chunks.join(',\n')}})`);
}

function writeCode(chunks: ReturnType<typeof chunksIn>, name: string): void {
  writeFileSync(join(dir, `${name}.code`), chunks.scripts.get(`${name}.cjs`)?.createCachedData() ?? '');
}

test('a chunk runs once, however often it is asked for', () => {
  writeChunk('once', 'globalThis.ran = (globalThis.ran ?? 0) + 1; exports.ran = globalThis.ran;');
  const chunks = chunksIn(dir);
  expect([chunks.load('once.cjs'), chunks.load('once.cjs')]).toEqual([{ ran: 1 }, { ran: 1 }]);
});

test('a chunk asks for chunks beside it, in a circle too, for modules of Node, and knows where it lies', () => {
  writeChunk('a', "exports.first = 1; const b = require('./b.cjs'); exports.sum = () => b.sum() + 1;");
  writeChunk('b', "const a = require('./a.cjs'); exports.sum = () => a.first + require('node:path').sep.length;");
  writeChunk('place', 'module.exports = [__filename, __dirname];');
  const chunks = chunksIn(dir);
  expect((chunks.load('a.cjs') as { sum: () => number }).sum()).toBe(3);
  expect(chunks.load('place.cjs')).toEqual([join(dir, 'place.cjs'), dir]);
});

test('one file may hold chunks that it needs', () => {
  writeFile('main', { part: 'exports.one = 1;', main: "exports.two = require('./part.cjs').one + 1;" });
  const chunks = chunksIn(dir);
  expect(chunks.load('main.cjs')).toEqual({ two: 2 });
  expect([...chunks.scripts.keys()]).toEqual(['main.cjs']);
});

test('code is taken where it fits', () => {
  writeChunk('sum', 'exports.sum = (a, b) => a + b;');
  const first = chunksIn(dir);
  expect((first.load('sum.cjs') as Sum).sum(1, 2)).toBe(3);
  writeCode(first, 'sum');
  const second = chunksIn(dir);
  expect((second.load('sum.cjs') as Sum).sum(1, 2)).toBe(3);
  expect(second.scripts.get('sum.cjs')?.cachedDataRejected).toBe(false);
});

test.each([
  ['nothing', ''],
  ['not code', 'x'.repeat(500)],
])('code that is %s is no difference', (_, code) => {
  writeChunk('sum', 'exports.sum = (a, b) => a + b;');
  writeFileSync(join(dir, 'sum.code'), code);
  expect((chunksIn(dir).load('sum.cjs') as Sum).sum(1, 2)).toBe(3);
});

test('code of another text is not taken', () => {
  writeChunk('sum', 'exports.sum = (a, b) => a + b;');
  const first = chunksIn(dir);
  first.load('sum.cjs');
  writeCode(first, 'sum');
  writeChunk('sum', 'exports.sum = (a, b) => a + b + 1;');
  const second = chunksIn(dir);
  expect((second.load('sum.cjs') as Sum).sum(1, 2)).toBe(4);
  expect(second.scripts.get('sum.cjs')?.cachedDataRejected).toBe(true);
});

interface Sum {
  readonly sum: (a: number, b: number) => number;
}
