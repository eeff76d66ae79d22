import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { ContentMismatch, openContentStore } from '../../../cache/content/store.ts';
import { digestOf } from '../../../cache/index.ts';
import { surroundings, tempDir } from '../temp.ts';

const signal = new AbortController().signal;
const MAX = { maxBytes: 1000 };

function open() {
  const dir = tempDir();
  const around = surroundings(dir);
  return { ...around, dir, store: openContentStore(join(dir, 'content'), around) };
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test('put stores a stream under its digest, and nothing beside it', async () => {
  const { store, tmp } = open();
  const digest = digestOf('hello world');
  assert.equal(store.has(digest), false);
  assert.deepEqual(await store.put(chunks('hello', ' ', 'world'), { signal }), { digest, size: 11 });
  assert.equal(store.has(digest), true);
  assert.equal(store.size(digest), 11);
  assert.equal(readFileSync(store.path(digest), 'utf8'), 'hello world');
  assert.equal(store.readBytes(digest, MAX)?.toString(), 'hello world');
  assert.deepEqual(readdirSync(tmp), []);
  await store.put(chunks('hello world'), { signal, expected: { digest, size: 11 } });
  assert.equal(statSync(store.path(digest)).mode & 0o777, 0o600);
});

test('what is not what was expected leaves nothing', async () => {
  const { store, tmp } = open();
  const digest = digestOf('hello');
  await assert.rejects(store.put(chunks('hullo'), { signal, expected: { digest } }), ContentMismatch);
  await assert.rejects(store.put(chunks('hell'), { signal, expected: { digest, size: 5 } }), /size 4, not 5/);
  await assert.rejects(store.put(chunks('hello', '!'), { signal, expected: { digest, size: 5 } }), /size more than 5/);
  assert.equal(store.has(digest), false);
  assert.equal(store.has(digestOf('hullo')), false);
  assert.deepEqual(readdirSync(tmp), []);
});

test('a source that fails, or never ends and is cancelled, leaves nothing', async () => {
  const { store, tmp } = open();
  const failing = (async function* () {
    yield Buffer.from('a');
    throw new Error('connection lost');
  })();
  await assert.rejects(store.put(failing, { signal }), /connection lost/);
  const controller = new AbortController();
  const stalled = (async function* () {
    yield Buffer.from('a');
    controller.abort();
    await new Promise<void>((resolve) => setImmediate(resolve));
    yield Buffer.from('b');
  })();
  await assert.rejects(store.put(stalled, { signal: controller.signal }), { name: 'AbortError' });
  assert.deepEqual(readdirSync(tmp), []);
});

test('putBytes and adopt store too; remove forgets', async () => {
  const { store, tmp } = open();
  const digest = store.putBytes(Buffer.from('abc'));
  assert.equal(digest, digestOf('abc'));
  assert.equal(store.putBytes(Buffer.from('abc')), digest);
  writeFileSync(join(tmp, 'made'), 'def');
  await store.adopt(join(tmp, 'made'), digestOf('def'));
  assert.equal(store.readBytes(digestOf('def'), MAX)?.toString(), 'def');
  store.remove(digest);
  store.remove(digest);
  assert.equal(store.has(digest), false);
  assert.deepEqual(readdirSync(tmp), []);
});

test('readBytes gives only what has the digest and fits', () => {
  const { store, warnings } = open();
  const digest = store.putBytes(Buffer.from('abcdef'));
  assert.equal(store.readBytes(digest, { maxBytes: 5 }), undefined);
  assert.equal(store.readBytes(digestOf('other'), MAX), undefined);
  assert.deepEqual(warnings, []);
  truncateSync(store.path(digest), 3);
  assert.equal(store.readBytes(digest, MAX), undefined);
  assert.equal(store.has(digest), false);
  assert.match(warnings.join(), /damaged/);
});

test.each(['', 'abc', '\0\0\0\0\0\0', 'abcdefgh'])('putBytes mends a blob that holds %j', (torn) => {
  const { store } = open();
  const digest = store.putBytes(Buffer.from('abcdef'));
  writeFileSync(store.path(digest), torn);
  store.putBytes(Buffer.from('abcdef'));
  assert.equal(readFileSync(store.path(digest), 'utf8'), 'abcdef');
});
