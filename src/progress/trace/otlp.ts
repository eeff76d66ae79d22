import type { Slice, Trace } from './trace.ts';

export interface SpanContext {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly parentSpanId?: string | undefined;
  readonly traceState?: string | undefined;
}

export interface OtlpOptions {
  readonly context: SpanContext;
  /** Attributes of what is traced: `service.name` and others. */
  readonly resource: ReadonlyMap<string, string>;
  readonly version: string;
  /** 8 random bytes. */
  readonly newSpanId: () => string;
}

/** What one request carries: a megabyte or two. */
const MOST_SPANS = 2000;

/** The bodies of requests of OTLP's JSON form (ExportTraceServiceRequest): the build is a span, what it did are those below it. */
export function renderOtlp(trace: Trace, { context, resource, version, newSpanId }: OtlpOptions): string[] {
  const spans: object[] = [];
  const add = (slice: Slice, parentSpanId: string | undefined): string => {
    const spanId = newSpanId();
    spans.push({
      traceId: context.traceId,
      spanId,
      ...(context.traceState === undefined ? {} : { traceState: context.traceState }),
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      name: slice.name,
      kind: INTERNAL,
      startTimeUnixNano: nanoseconds(trace.startedAtMs + slice.startMs),
      endTimeUnixNano: nanoseconds(trace.startedAtMs + slice.endMs),
      attributes: Object.entries({ kind: slice.kind, ...slice.args }).map(([name, value]) =>
        attribute(`tsbuild.${name}`, value),
      ),
      ...(slice.error === undefined ? {} : { status: { code: ERROR, message: slice.error } }),
    });
    for (const child of slice.children) add(child, spanId);
    return spanId;
  };
  const root = add(trace.build, context.parentSpanId);
  for (const slice of trace.slices) add(slice, root);
  const attributes = [...resource].map(([name, value]) => attribute(name, value));
  return pieces(spans).map((part) =>
    JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'tsbuild', version }, spans: part }] }],
    }),
  );
}

const INTERNAL = 1;
const ERROR = 2;

function pieces(spans: readonly object[]): object[][] {
  const count = Math.ceil(spans.length / MOST_SPANS);
  return Array.from({ length: count }, (_, index) => spans.slice(index * MOST_SPANS, (index + 1) * MOST_SPANS));
}

/** A decimal string: more digits than a number holds. */
function nanoseconds(ms: number): string {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString();
}

function attribute(key: string, value: string | number | boolean): object {
  if (typeof value === 'string') return { key, value: { stringValue: value } };
  if (typeof value === 'boolean') return { key, value: { boolValue: value } };
  return { key, value: Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
}
