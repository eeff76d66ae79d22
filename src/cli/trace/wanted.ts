import { BuildError } from '../../errors.ts';
import { decoded } from '../../util/url-name.ts';
import type { CliContext } from '../context.ts';

/** Where a trace is sent to. */
export interface OtlpTarget {
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly resource: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  /** Of TRACEPARENT. */
  readonly parent?: { readonly traceId: string; readonly spanId: string; readonly traceState?: string | undefined };
}

type Env = CliContext['env'];

/** Whether the environment asks for traces; cheap, for every build asks. */
export function asksForOtlp(env: Env): boolean {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own = '', OTEL_EXPORTER_OTLP_ENDPOINT: general = '' } = env;
  return (
    (own !== '' || general !== '') && env['OTEL_SDK_DISABLED'] !== 'true' && env['OTEL_TRACES_EXPORTER'] !== 'none'
  );
}

/**
 * As OpenTelemetry's SDKs read the environment. Undefined when the caller's trace is not sampled.
 * @throws BuildError usage, for the values that cannot be understood
 */
export function otlpTarget(env: Env): OtlpTarget | undefined {
  const parent = parentOf(env['TRACEPARENT']);
  if (parent?.isSampled === false) return undefined;
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  if (protocol === 'grpc')
    throw new BuildError('usage', 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken; traces are sent as http/json');
  const { TRACESTATE: traceState } = env;
  return {
    url: urlOf(env),
    headers: pairsOf(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] ?? env['OTEL_EXPORTER_OTLP_HEADERS']),
    resource: resourceOf(env),
    timeoutMs: timeoutOf(env),
    ...(parent === undefined ? {} : { parent: { traceId: parent.traceId, spanId: parent.spanId, traceState } }),
  };
}

/** One for traces alone is taken as it is; the general one is the place that /v1/traces is below. */
function urlOf(env: Env): string {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? '';
  const general = env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  const text = own === '' ? `${general.replace(/\/+$/, '')}/v1/traces` : own;
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  const name = own === '' ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  throw new BuildError('usage', `${name} is not an http or https URL`);
}

/** `name=value,…`, values percent-encoded. What has no name is left out. */
function pairsOf(text = ''): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    if (equals > 0) pairs.set(field.slice(0, equals).trim(), decoded(field.slice(equals + 1).trim()));
  }
  return pairs;
}

function resourceOf(env: Env): Map<string, string> {
  const { OTEL_SERVICE_NAME: name = '' } = env;
  const resource = new Map([['service.name', 'tsbuild'], ...pairsOf(env['OTEL_RESOURCE_ATTRIBUTES'])]);
  return name === '' ? resource : resource.set('service.name', name);
}

const DEFAULT_TIMEOUT_MS = 3000;
const MOST_TIMEOUT_MS = 30_000;

function timeoutOf(env: Env): number {
  const ms = Number(env['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] ?? env['OTEL_EXPORTER_OTLP_TIMEOUT']);
  return ms > 0 ? Math.min(ms, MOST_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS;
}

/** W3C's traceparent; one that is not well formed counts as none. */
function parentOf(text = ''): { traceId: string; spanId: string; isSampled: boolean } | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(text.trim());
  const [, version, traceId = '', spanId = '', flags = ''] = match ?? [];
  if (match === null || version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
