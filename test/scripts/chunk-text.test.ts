import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { asFunction } from '../../scripts/chunk-text.mjs';

/** The chunk of an ES module as the bundler prints it, and what it asked for. */
async function chunk(text: string): Promise<{ exports: Record<string, unknown>; asked: string[] }> {
  const asked: string[] = [];
  const nodeRequire = createRequire(import.meta.url);
  const require = (id: string): unknown => {
    asked.push(id);
    return id.startsWith('./') ? { other: 7 } : nodeRequire(id);
  };
  const run = runInThisContext(`(${await asFunction(text)})`) as (...module: unknown[]) => void;
  const module = { exports: {} };
  run(module.exports, require, module, '/chunk.cjs', '/');
  return { exports: module.exports, asked };
}

test('what it takes of other chunks, and of modules that everything uses, is there at once', async () => {
  const { exports, asked } = await chunk(
    'import{other}from"./other.cjs";import{sep}from"node:path";var both=other+sep;export{both};',
  );
  expect(exports).toEqual({ both: '7/' });
  expect(asked).toEqual(['./other.cjs', 'node:path']);
});

test.each([
  ['some names', 'import{gzipSync}from"node:zlib";function use(){return gzipSync("a").length>0}export{use};'],
  ['all of it', 'import*as zlib from"node:zlib";function use(){return zlib.gzipSync("a").length>0}export{use};'],
  ['a class', 'import{Gzip}from"node:zlib";function use(){return new Gzip({}).writable}export{use};'],
])('another module of Node runs when it is used: %s', async (_, text) => {
  const { exports, asked } = await chunk(text);
  expect(asked).toEqual([]);
  expect((exports['use'] as () => boolean)()).toBe(true);
  expect(asked).toEqual(['node:zlib']);
});

test('a property that is called as the module is none of it', async () => {
  const { exports } = await chunk(
    'import*as zlib from"node:zlib";function use(){const{versions}=process;return[versions.zlib,versions.zlib.at(0),...zlib.gzipSync("").slice(0,1)]}export{use};',
  );
  expect((exports['use'] as () => unknown[])()).toEqual([process.versions.zlib, process.versions.zlib?.at(0), 0x1f]);
});

test('one that is handed on as a whole is refused: it would be a function then', async () => {
  await expect(chunk('import*as zlib from"node:zlib";var all=[zlib];export{all};')).rejects.toThrow('zlib is used');
});
