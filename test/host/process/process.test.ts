import { expect, test } from 'vitest';
import { filterProcess, findProgram, run } from '../../../src/host/process/index.ts';

const { signal } = new AbortController();

test('a program gets its input and its result is bytes', async () => {
  const result = await run(['sh', '-c', 'cat; echo oops >&2; exit 3'], { signal, input: Buffer.from([0, 255, 10]) });
  expect([...result.stdout]).toEqual([0, 255, 10]);
  expect(result.stderr.toString()).toBe('oops\n');
  expect(result.exitCode).toBe(3);
});

test('the environment is exactly the one that was given', async () => {
  const result = await run(['/usr/bin/env'], { signal, env: { ONLY: 'this', NOT: undefined } });
  expect(result.stdout.toString()).toBe('ONLY=this\n');
});

test('a signal gives 128 + n, a missing program its errno, an abort its reason', async () => {
  expect((await run(['sh', '-c', 'kill -9 $$'], { signal })).exitCode).toBe(137);
  await expect(run(['/no/such/program'], { signal })).rejects.toMatchObject({ code: 'ENOENT' });
  const stop = new AbortController();
  const running = run(['sleep', '600'], { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
});

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

test('bytes pass through a filter, more than the pipes hold', async () => {
  const megabyte = Buffer.alloc(1 << 20, 7);
  const packed = filterProcess(['gzip', '-c'], chunks(megabyte, megabyte, megabyte), { signal });
  const unpacked = await collect(filterProcess(['gzip', '-dc'], packed, { signal }));
  expect(unpacked.equals(Buffer.concat([megabyte, megabyte, megabyte]))).toBe(true);
});

test('a filter that fails says why; a source that fails says it itself', async () => {
  await expect(collect(filterProcess(['gzip', '-dc'], chunks(Buffer.from('no gzip')), { signal }))).rejects.toThrow(
    /gzip failed with exit code 1: .*not in gzip format/,
  );
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
    throw new Error('the source broke');
  }
  await expect(collect(filterProcess(['cat'], broken(), { signal }))).rejects.toThrow('the source broke');
  await expect(collect(filterProcess(['no-such-filter'], chunks(), { signal }))).rejects.toMatchObject({
    code: 'setup-missing',
  });
});

test('a consumer that stops early and an abort both end the program', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1 << 16);
  }
  const { value } = await filterProcess(['cat'], endless(), { signal })[Symbol.asyncIterator]().next();
  expect(value).toBeDefined();
  const stop = new AbortController();
  const reading = collect(filterProcess(['sleep', '600'], chunks(), { signal: stop.signal }));
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

test('programs are found by name in PATH and where the system keeps its own', () => {
  expect(findProgram('sh', '/bin')).toBe('/bin/sh');
  expect(findProgram('no-such-program', '/bin')).toBeUndefined();
  expect(findProgram('/bin/sh', '')).toBe('/bin/sh');
});
