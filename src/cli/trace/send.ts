import { randomBytes } from 'node:crypto';
import { BuildError } from '../../errors.ts';
import { type Http, HttpError, openHttp } from '../../host/net/index.ts';
import { renderOtlp, type Trace } from '../../progress/trace/index.ts';
import type { CliContext } from '../context.ts';
import { VERSION } from '../version.ts';
import { type OtlpTarget, otlpTarget } from './wanted.ts';

/** Posts the trace where the environment says. What fails of it is one warning: a build is not its trace. */
export async function sendTrace(
  trace: Trace,
  { env, ca, warn }: { env: CliContext['env']; ca: string | undefined; warn: (message: string) => void },
): Promise<void> {
  try {
    const target = otlpTarget(env);
    if (target === undefined) return;
    await using http = openHttp({ ca, proxyEnv: env, userAgent: `tsbuild/${VERSION}` });
    await post(bodiesOf(trace, target), target, http);
  } catch (error) {
    warn(`the trace was not sent: ${reasonOf(error)}`);
  }
}

function bodiesOf(trace: Trace, { parent, resource }: OtlpTarget): string[] {
  const { traceId = randomBytes(16).toString('hex'), spanId: parentSpanId, traceState } = parent ?? {};
  const context = { traceId, parentSpanId, traceState };
  return renderOtlp(trace, { context, resource, version: VERSION, newSpanId: () => randomBytes(8).toString('hex') });
}

/** All of it within the limit. */
async function post(bodies: readonly string[], target: OtlpTarget, http: Http): Promise<void> {
  const signal = AbortSignal.timeout(target.timeoutMs);
  const headers = { ...Object.fromEntries(target.headers), 'content-type': 'application/json' };
  for (const text of bodies) {
    const body = Buffer.from(text);
    const response = await http.request({ url: target.url, method: 'POST', headers, body, signal, maxRedirects: 0 });
    await response.discard();
    if (response.status < 200 || response.status > 299)
      throw new BuildError('usage', `${new URL(target.url).host} answered with status ${response.status}`);
  }
}

/** Without anything of the headers or the URL's query, where keys may stand. */
function reasonOf(error: unknown): string {
  if (error instanceof BuildError || error instanceof HttpError) return error.message;
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer within the time limit';
  return 'its endpoint or headers cannot be used';
}
