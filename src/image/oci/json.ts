import { BuildError } from '../../errors.ts';

export interface JsonLimits {
  readonly maxBytes: number;
  /** What it is, for messages: `manifest sha256:…`. */
  readonly what: string;
}

export type JsonObject = { readonly [name: string]: unknown };

const MAX_DEPTH = 32;

/**
 * Parses JSON of unknown origin: at most `maxBytes`, nested at most 32 deep, an object at the top.
 * @throws BuildError image-invalid
 */
export function parseJsonObject(bytes: Uint8Array, { maxBytes, what }: JsonLimits): JsonObject {
  if (bytes.length > maxBytes) throw invalid(what, `is larger than ${maxBytes} bytes`);
  if (nestsDeeperThan(bytes, MAX_DEPTH)) throw invalid(what, `nests deeper than ${MAX_DEPTH}`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (error) {
    throw new BuildError('image-invalid', `${what} is not JSON`, { cause: error });
  }
  if (!isObject(value)) throw invalid(what, 'is not a JSON object');
  return value;
}

export function invalid(what: string, problem: string): BuildError {
  return new BuildError('image-invalid', `${what} ${problem}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

/** Brackets are counted before anything recursive sees the text. */
function nestsDeeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENERS.has(byte)) {
      if (++depth > limit) return true;
    } else if (CLOSERS.has(byte)) depth--;
  }
  return false;
}
