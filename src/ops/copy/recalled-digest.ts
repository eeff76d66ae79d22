import { createHash } from 'node:crypto';
import { type Digest, digestOf, digestOfHash, type Memo, parseDigest } from '../../../cache/index.ts';
import type { NumberedFiles, States } from '../../image/toc/index.ts';
import type { SelectedFiles, SelectedSource } from './selection.ts';
import { digestSelection } from './selection-digest.ts';

/** Of fewer files it takes no longer to look at each. */
const MANY = 500;
/** Where most of a tree was not selected, its states take longer than the files. */
const SEEN_FOR_EACH = 2;

const REMEMBERED = 'states';
/** Of what states tell, and what is made of them: what was remembered by other rules is forgotten. */
const VERSION = 1;

export interface Recall {
  readonly memo: Memo;
  /** How it is said what is selected. */
  readonly rule: string;
}

/** @param rule as JSON has it */
export function recallBy(memo: Memo | undefined, rule: unknown): Recall | undefined {
  return memo === undefined ? undefined : { memo, rule: JSON.stringify(rule) };
}

/**
 * The same as digestSelection. What was selected by the same rule before, of files that are in the same states now, is remembered: then no
 * digest of a file is looked up. Only the last selection by each rule is.
 */
export function recalledDigest(sources: readonly SelectedSource[], { memo, rule }: Recall): Digest {
  if (!sources.every(isFiles)) return digestSelection(sources);
  const states = statesOf(sources, rule);
  if (states === undefined) return digestSelection(sources);
  const remembered = memo.get(REMEMBERED, states.place);
  if (remembered?.startsWith(`${states.digest} `)) return parseDigest(remembered.slice(states.digest.length + 1));
  const digest = digestSelection(sources);
  if (sources.every(({ items }) => items.areKnownByState()))
    memo.put(REMEMBERED, states.place, `${states.digest} ${digest}`);
  return digest;
}

/** Of all that was selected; undefined where it is little, or has no states. */
function statesOf(files: readonly SelectedFiles[], rule: string): States | undefined {
  const length = files.reduce((sum, { items }) => sum + items.length, 0);
  if (length < MANY) return undefined;
  const byTree = new Map<NumberedFiles, States>();
  const places: string[] = [];
  const hash = createHash('sha256');
  for (const { tree, top, name, items } of files) {
    const { numbered } = tree;
    const states = numbered && (byTree.get(numbered) ?? numbered.states?.(SEEN_FOR_EACH * length));
    if (numbered === undefined || states === undefined) return undefined;
    byTree.set(numbered, states);
    places.push(states.place);
    hash.update(JSON.stringify([states.digest, top.path, top.type, name, items.length]));
    for (const numbers of items.numbers()) hash.update(numbers);
  }
  const place = digestOf(JSON.stringify([VERSION, places, rule]));
  return { place, digest: digestOfHash(hash) };
}

function isFiles(source: SelectedSource): source is SelectedFiles {
  return source.kind === 'files';
}
