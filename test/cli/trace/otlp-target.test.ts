import assert from 'node:assert/strict';
import { test } from 'vitest';
import { asksForOtlp, otlpTarget } from '../../../src/cli/trace/wanted.ts';
import { BuildError } from '../../../src/errors.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
const IDS = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'] as const;

test('the general endpoint is the place of v1/traces, that of traces is taken as it is', () => {
  assert.equal(otlpTarget(ENDPOINT)?.url, 'http://collector:4318/v1/traces');
  const own = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/x?k=1' };
  assert.equal(otlpTarget(own)?.url, 'https://other/x?k=1');
  assert.throws(() => otlpTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }), BuildError);
  assert.throws(() => otlpTarget({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), BuildError);
});

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [ENDPOINT, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' }, true],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, false],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
])('%j asks for traces: %s', (env, asks) => {
  assert.equal(asksForOtlp(env), asks);
});

test('headers and attributes are percent-decoded pairs; the name of the service wins', () => {
  const target = otlpTarget({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc%3D, x-a = b,=none,bad=%zz',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=no,team=a',
    OTEL_SERVICE_NAME: 'ci',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  assert.deepEqual(
    [...(target?.headers ?? [])],
    [
      ['authorization', 'Basic abc='],
      ['x-a', 'b'],
      ['bad', '%zz'],
    ],
  );
  assert.deepEqual(
    [...(target?.resource ?? [])],
    [
      ['service.name', 'ci'],
      ['team', 'a'],
    ],
  );
  assert.equal(target?.timeoutMs, 500);
});

test.each([
  [`00-${IDS.join('-')}-01`, { traceId: IDS[0], spanId: IDS[1], traceState: undefined }],
  [`00-${'0'.repeat(32)}-${IDS[1]}-01`, undefined],
  [`ff-${IDS.join('-')}-01`, undefined],
  ['nonsense', undefined],
])('TRACEPARENT %s', (TRACEPARENT, parent) => {
  assert.deepEqual(otlpTarget({ ...ENDPOINT, TRACEPARENT })?.parent, parent);
});

test('a trace that its caller does not sample is not sent', () => {
  assert.equal(otlpTarget({ ...ENDPOINT, TRACEPARENT: `00-${IDS.join('-')}-00` }), undefined);
});
