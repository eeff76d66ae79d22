import type { HttpError } from './http-error.ts';

export const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 250;
/** A server that asks for a longer pause gets its answer passed on instead. */
const MAX_DELAY_MS = 20_000;
const RETRIED_STATUS = new Set([408, 429, 500, 502, 503, 504]);

/** How long to wait before the next attempt, the first being 1; undefined: this answer is final. */
export function delayAfterStatus(
  status: number,
  retryAfter: string | undefined,
  { attempt, nowMs }: { attempt: number; nowMs: number },
): number | undefined {
  if (attempt >= MAX_ATTEMPTS || !RETRIED_STATUS.has(status)) return undefined;
  const asked = retryAfterMs(retryAfter, nowMs);
  if (asked !== undefined) return asked > MAX_DELAY_MS ? undefined : asked;
  return backOff(attempt);
}

export function delayAfterError(error: HttpError, attempt: number): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  if (error.failure === 'reset') return backOff(attempt);
  const isWorthOneMore =
    error.failure === 'timeout' || (error.failure === 'dns' && error.message.includes('EAI_AGAIN'));
  return isWorthOneMore && attempt === 1 ? backOff(attempt) : undefined;
}

export function backOff(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 4 ** (attempt - 1), MAX_DELAY_MS);
}

/** Seconds, or an HTTP date. */
function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
