import type { RunMount } from '../../graph/index.ts';
import type { Result } from '../../solver/index.ts';
import type { WorkerMount } from '../../worker/protocol.ts';
import { identityOf, type PartContext, stackPart } from './binds.ts';

export type CacheMount = Extract<RunMount, { type: 'cache' }>;

/** A cache as the worker mounts it, with what it starts as. */
export async function cacheMount(
  mount: CacheMount,
  inputs: readonly Result[],
  context: PartContext,
): Promise<WorkerMount> {
  const { type, target, sharing, readOnly, seed, subpath } = mount;
  const start = seed === undefined ? undefined : { input: seed.input, source: seed.source ?? '/', target };
  const identity = start === undefined ? undefined : await identityOf(start, inputs, context);
  const asked = { type, target, sharing, readOnly, name: cacheName(mount, identity), subpath, ...attributesOf(mount) };
  if (start === undefined || seed?.source === undefined) return asked;
  return { ...asked, seed: await stackPart(start, inputs, context) };
}

/** A cache directory is named by everything that decides how it starts: other attributes or another seed are another cache. */
function cacheName({ id, attributes, seed }: CacheMount, identity: string | undefined): string {
  const start = identity === undefined ? null : [seed?.source ?? null, identity];
  return JSON.stringify([
    id,
    attributes === undefined ? null : [attributes.mode, attributes.uid, attributes.gid],
    start,
  ]);
}

const PLAIN = { mode: 0o755, uid: 0, gid: 0 };

/** Of an empty one. */
export function attributesOf({ attributes }: CacheMount): NonNullable<CacheMount['attributes']> {
  return attributes ?? PLAIN;
}
