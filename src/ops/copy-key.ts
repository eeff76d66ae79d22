import type { ContentID, Digest, Json, KeyMaterial } from '../../cache/index.ts';
import type { CopyOp } from '../graph/index.ts';

/** The exact key: what lies below, and what is taken. docs/cache.md says of each field why it is in. */
export function copyMaterial(
  op: CopyOp,
  { inputs, content }: { readonly inputs: readonly ContentID[]; readonly content: Digest },
): KeyMaterial {
  return { op: 'copy', version: 5, fields: copyFields(op), inputs, content };
}

/** The second key: instead of all that lies below, what the result depends on of it. */
export function copyFactsMaterial(
  op: CopyOp,
  { content, facts }: { readonly content: Digest; readonly facts: Json },
): KeyMaterial {
  return { op: 'copy-facts', version: 4, fields: { ...copyFields(op), facts }, inputs: [], content };
}

/** The result of a COPY from its flags; sources are told by their content. */
function copyFields(op: CopyOp): KeyMaterial['fields'] {
  return {
    instruction: op.instruction,
    dest: op.dest,
    chown: op.chown ?? null,
    chmod: op.chmod ?? null,
    link: op.link,
    parents: op.parents,
    excludes: op.excludes,
    unpack: op.unpack,
    // dates the parents and heredocs that the copy makes: bytes of the layer
    epoch: op.epoch ?? null,
  };
}
