import { makeVertex, type Origin, type Vertex } from '../../graph/index.ts';
import { formatPlatform, normalisePlatform } from '../../image/oci/index.ts';
import { platformOf } from '../config/index.ts';
import type { Resolved } from './externals.ts';
import { internalOrigin } from './stage-draft.ts';

/** The vertices that a build's stages share: one for each thing, however often it is named. */
export interface SourceVertices {
  readonly scratch: Vertex;
  /** '' is the main context. */
  context(name: string): Vertex;
  /** What a name outside the Dockerfile gives to COPY --from and mounts; the origin is of its first use. */
  external(resolved: Resolved, origin: { readonly name: string; readonly range: Origin['range'] }): Vertex;
}

export function makeSourceVertices(): SourceVertices {
  const known = new Map<string, Vertex>();
  const once = (key: string, make: () => Vertex): Vertex => {
    const found = known.get(key) ?? make();
    known.set(key, found);
    return found;
  };
  const scratch = makeVertex({ kind: 'scratch' }, [], internalOrigin('FROM scratch'));
  const context = (name: string): Vertex =>
    once(`context ${name}`, () => makeVertex({ kind: 'context', name }, [], internalOrigin(contextTitle(name))));
  return {
    scratch,
    context,
    external(resolved, { name, range }) {
      if (resolved.kind === 'scratch') return scratch;
      if (resolved.kind === 'directory') return context(resolved.context);
      return once(`image ${resolved.image.manifest} ${name}`, () =>
        imageVertex(resolved, internalOrigin(`FROM ${name}`, range)),
      );
    },
  };
}

export function imageVertex({ image, platform }: Extract<Resolved, { kind: 'image' }>, origin: Origin): Vertex {
  const { name, manifest, layers, config } = image;
  const own = normalisePlatform(platformOf(config));
  const isOther = formatPlatform(own) !== formatPlatform(platform);
  const op = { kind: 'image', name, manifest, platform, ...(isOther ? { imagePlatform: own } : {}), layers } as const;
  return makeVertex(op, [], origin);
}

function contextTitle(name: string): string {
  return name === '' ? '[internal] load build context' : `[context ${name}] load`;
}
