import type { Digest } from '../../../cache/index.ts';
import type { TarEntry } from '../../image/archive/index.ts';

export type TarFilter = (
  argv: readonly string[],
  source: AsyncIterable<Uint8Array>,
  options: { signal: AbortSignal },
) => AsyncIterable<Uint8Array>;

export interface SpooledEntry {
  readonly entry: TarEntry;
  read(sink: (chunk: Uint8Array) => void): void;
}

export interface SpooledTar {
  readonly entries: readonly SpooledEntry[];
  readonly digest: Digest;
}

export interface SpoolOptions {
  readonly signal: AbortSignal;
  readonly filter: TarFilter;
  readonly tempDir?: string;
}

export function isTarHead(_head: Uint8Array, _options: SpoolOptions): Promise<boolean> {
  return Promise.resolve(false);
}

export function spoolTar(_source: AsyncIterable<Uint8Array>, _options: SpoolOptions): Promise<SpooledTar> {
  throw new Error('no');
}
