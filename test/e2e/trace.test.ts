import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inject, test } from 'vitest';
import { checkedTrace, type SliceEvent, slicesOf } from '../rig/chrome-trace.ts';
import { CliRig } from '../rig/cli.ts';

const SECRET = 'correct horse battery staple';

interface Post {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function collector(status = 200) {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      if (status > 0) response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    posts,
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function childrenOf(slices: readonly SliceEvent[], name: string): string[] {
  const at = slices.find((slice) => slice.name.includes(name));
  assert.ok(at, name);
  const isInside = ({ tid, ts, dur }: SliceEvent) => tid === at.tid && ts >= at.ts && ts + dur <= at.ts + at.dur;
  return slices.filter((slice) => slice !== at && isInside(slice)).map((slice) => slice.name);
}

test('--trace writes what the time went to, into the context without changing it', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const stamp = String(process.hrtime.bigint());
  rig.write({
    Dockerfile: `FROM busybox\nCOPY . /src\nRUN --mount=type=secret,id=pw cat /run/secrets/pw && echo ${stamp} > /out\n`,
    a: stamp,
  });
  const file = join(rig.context, 'trace.json');
  const flags = ['--trace', file, '--secret', 'id=pw,env=PW', '-o', `type=oci,dest=${join(rig.dir, 'o.tar')}`];
  const options = { env: { PW: SECRET } };
  const first = await rig.built(flags, options);
  const text = readFileSync(file, 'utf8');
  const slices = slicesOf(checkedTrace(text));
  assert.ok(!text.includes(SECRET));
  for (const name of ['start', 'open', 'parse', 'lower', 'close', 'end'])
    assert.ok(childrenOf(slices, 'build').includes(name));
  assert.deepEqual(childrenOf(slices, 'COPY . /src'), ['key', 'select', 'look-up', 'run', 'base', 'write', 'record']);
  const run = childrenOf(slices, 'RUN ');
  for (const name of ['layers', 'network', 'mounts', 'mount', 'process', 'commit', 'record'])
    assert.ok(run.includes(name), name);
  assert.ok(childrenOf(slices, 'exporting').includes('write'));
  assert.ok(slices.filter(({ name }) => name === 'compress').length >= 2);

  const second = await rig.built(flags, options);
  assert.equal(second.report.summary.hits, first.report.summary.steps);
  const cached = slicesOf(checkedTrace(readFileSync(file, 'utf8')));
  assert.ok(!cached.some(({ name }) => name === 'run' || name === 'compress' || name === 'start-worker'));
});

test('a failed build has a trace, and nothing is left half written', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY missing /\n' });
  const file = join(rig.dir, 'trace.json');
  assert.equal((await rig.build(['--trace', file])).code, 1);
  const failed = slicesOf(checkedTrace(readFileSync(file, 'utf8'))).find(({ args }) => args['status'] === 'failed');
  assert.match(String(failed?.args['error']), /not found in the build context/);
  assert.deepEqual(rig.leftovers(), ['trace.json']);
  const nowhere = await rig.build(['--trace', join(rig.dir, 'no/where.json')]);
  assert.match(nowhere.stderr, /\[output-failed\]/);
});

test('OTEL_EXPORTER_OTLP_ENDPOINT is sent spans below TRACEPARENT', async () => {
  await using rig = CliRig.setup();
  await using server = await collector();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\n', a: '1' });
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const env = {
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k1', OTEL_SERVICE_NAME: 'ci' },
    TRACEPARENT: `00-${traceId}-${spanId}-01`,
  };
  const built = await rig.built([], { env });
  assert.ok(!/warning/i.test(built.stderr), built.stderr);
  const [post, ...more] = server.posts;
  assert.equal(more.length, 0);
  assert.deepEqual(
    [post?.url, post?.headers['content-type'], post?.headers['x-key']],
    ['/v1/traces', 'application/json', 'k1'],
  );
  const [{ resource, scopeSpans }] = JSON.parse(post?.body ?? '').resourceSpans;
  assert.deepEqual(resource.attributes, [{ key: 'service.name', value: { stringValue: 'ci' } }]);
  const spans = scopeSpans[0].spans as { name: string; traceId: string; spanId: string; parentSpanId: string }[];
  const ids = new Set([spanId, ...spans.map((span) => span.spanId)]);
  assert.ok(spans.every((span) => span.traceId === traceId && ids.has(span.parentSpanId)));
  assert.equal(spans.find(({ name }) => name === 'build')?.parentSpanId, spanId);
  assert.ok(spans.some(({ name }) => name === '[1/1] COPY a /a'));
});

test.each([
  [
    'nobody there',
    () => Promise.resolve({ url: 'http://127.0.0.1:9', [Symbol.asyncDispose]: () => Promise.resolve() }),
  ],
  ['an answer that is an error', () => collector(503)],
  ['no answer', () => collector(0)],
])('a trace that cannot be sent is one warning: %s', async (_, open) => {
  await using rig = CliRig.setup();
  await using server = await open();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\n', a: '1' });
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden',
    OTEL_EXPORTER_OTLP_TIMEOUT: '300',
  };
  const built = await rig.built([], { env });
  assert.equal(built.stderr.match(/the trace was not sent/g)?.length, 1, built.stderr);
  assert.ok(!built.stderr.includes('hidden'));
});
