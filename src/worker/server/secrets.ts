import { BuildError } from '../../errors.ts';
import type { TarEntry } from '../../image/archive/index.ts';
import { openByteMask } from '../../util/byte-mask.ts';
import { type ByteSearch, openByteSearch } from '../../util/byte-search.ts';
import { displayPath } from '../../util/rel-path.ts';
import { withoutAbsent } from '../../util/without-absent.ts';
import type { Leak, RunRequest, WireSecret } from '../protocol.ts';
import type { LayerWatch } from '../snapshot/index.ts';

/** Shorter ones stand in any text by chance. */
const MIN_MASKED = 4;
const MIN_LINE = 8;
const MAX_LINES = 256;
/** A secret of fewer bytes is not looked for in layers. */
const MIN_SOUGHT = 8;

/** What must not be shown of secrets: each as a whole, and its lines, for a program may show some of a file. */
export function maskedValues(secrets: readonly WireSecret[]): readonly Buffer[] {
  const texts = secrets.flatMap(({ value }) => {
    const whole = trimmed(Buffer.from(value, 'base64').toString('latin1'));
    const lines = whole.split('\n').map(trimmed);
    return [
      ...(whole.length < MIN_MASKED ? [] : [whole]),
      ...lines.filter((line) => line.length >= MIN_LINE).slice(0, MAX_LINES),
    ];
  });
  return [...new Set(texts)].map(bytesOf);
}

/** Spaces and ends of lines: programs add them, or leave them out. */
function trimmed(text: string): string {
  const isSpace = (at: number): boolean => ' \t\r\n'.includes(text.charAt(at));
  let [from, to] = [0, text.length];
  while (from < to && isSpace(from)) from += 1;
  while (to > from && isSpace(to - 1)) to -= 1;
  return text.slice(from, to);
}

function maskedText(text: string, masked: readonly Buffer[]): string {
  const mask = openByteMask(masked);
  return Buffer.concat([mask.push(Buffer.from(text)), mask.end()]).toString('utf8');
}

/** The same error without them; the system's keeps its code. */
export function maskedError(error: unknown, masked: readonly Buffer[]): unknown {
  if (!(error instanceof Error) || masked.length === 0) return error;
  const text = (whole: string): string => maskedText(whole, masked);
  if (!(error instanceof BuildError)) {
    const { code } = error as NodeJS.ErrnoException;
    return Object.assign(new Error(text(error.message), { cause: error }), withoutAbsent({ code }));
  }
  const { code, message, hint } = error;
  return new BuildError(code, text(message), { hint: hint === undefined ? undefined : text(hint), cause: error });
}

export interface LeakWatch extends LayerWatch {
  leaks(): readonly Leak[];
}

/** Looks for secrets while a layer is written; undefined when there is nothing to look for. */
export function watchForLeaks({ secrets = [], secretLeak = 'warn' }: RunRequest): LeakWatch | undefined {
  if (secretLeak === 'off') return undefined;
  const sought = secrets
    .map(({ id, value }) => ({ id, value: bytesOf(trimmed(Buffer.from(value, 'base64').toString('latin1'))) }))
    .filter(({ value }) => value.length >= MIN_SOUGHT);
  if (sought.length === 0) return undefined;
  return new Watch(sought, secretLeak);
}

function bytesOf(latin1: string): Buffer {
  return Buffer.from(latin1, 'latin1');
}

interface Sought {
  readonly id: string;
  readonly value: Buffer;
}

const MAX_PATHS = 5;

class Watch implements LeakWatch {
  readonly #sought: readonly Sought[];
  readonly #mode: 'warn' | 'error';
  readonly #shortest: number;
  readonly #paths = new Map<string, Set<string>>();
  #now: { readonly path: string; readonly search: ByteSearch } | undefined;

  constructor(sought: readonly Sought[], mode: 'warn' | 'error') {
    this.#sought = sought;
    this.#mode = mode;
    this.#shortest = Math.min(...sought.map(({ value }) => value.length));
  }

  entry(entry: TarEntry): ((chunk: Uint8Array) => void) | undefined {
    this.#note();
    const path = `/${displayPath(entry.path)}`;
    const attributes = [bytesOf(entry.path), bytesOf(entry.link), ...entry.xattrs.values()];
    for (const { id, value } of this.#sought)
      if (attributes.some((bytes) => bytes.length >= value.length && Buffer.from(bytes).includes(value)))
        this.#add(id, path);
    if (entry.type !== 'file' || entry.size < this.#shortest) return undefined;
    const search = openByteSearch(this.#sought.map(({ value }) => value));
    this.#now = { path, search };
    return (chunk) => search.push(chunk);
  }

  end(): void {
    this.#note();
    const leaks = this.leaks();
    if (this.#mode === 'error' && leaks.length > 0) throw leaked(leaks);
  }

  leaks(): readonly Leak[] {
    const masked = this.#sought.map(({ value }) => value);
    return [...this.#paths].map(([id, paths]) => ({ id, paths: [...paths].map((path) => maskedText(path, masked)) }));
  }

  #note(): void {
    const { path = '', search } = this.#now ?? {};
    for (const index of search?.found() ?? []) this.#add(this.#sought[index]?.id ?? '', path);
    this.#now = undefined;
  }

  #add(id: string, path: string): void {
    const paths = this.#paths.get(id) ?? new Set();
    this.#paths.set(id, paths);
    if (paths.size < MAX_PATHS) paths.add(path);
  }
}

function leaked(leaks: readonly Leak[]): BuildError {
  const words = leaks.map(({ id, paths }) => `secret ${id} in ${paths.join(', ')}`).join('; ');
  return new BuildError('secret-leaked', `this RUN writes a secret into its layer: ${words}`, {
    hint: 'read the secret where it is mounted and remove what holds it in the same RUN; --secret-leak=warn builds anyway',
  });
}
