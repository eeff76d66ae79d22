import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { type ContentStore, type Digest, digestOf, digestOfHash, type Memo } from '../../../cache/index.ts';

/** What the last answer of a URL was, and how to ask whether it still is. */
export interface Remembered {
  readonly digest: Digest;
  readonly size: number;
  readonly mtimeSec: number;
  /** As Content-Disposition has it. */
  readonly offeredName?: string | undefined;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** Of the blob when its digest was last seen to. */
  readonly stamp: string;
}

/** Of contents as they are without the encoding of the way. */
const NAMESPACE = 'decoded-url';
/** RFC 9110, 8.8.2.2: a younger file could change again within the second that Last-Modified counts in. */
const SETTLED_MS = 60_000;

/** @param url without user and password */
export function recall(memo: Memo, url: string): Remembered | undefined {
  const text = memo.get(NAMESPACE, digestOf(url));
  return text === undefined ? undefined : (JSON.parse(text) as Remembered);
}

export function remember(memo: Memo, url: string, known: Remembered): void {
  memo.put(NAMESPACE, digestOf(url), JSON.stringify(known));
}

/** What of an answer makes the next request a conditional one. */
export function validatorsOf(headers: {
  readonly [name: string]: string | undefined;
}): Pick<Remembered, 'etag' | 'lastModified'> {
  const { etag, 'last-modified': lastModified = '', date = '' } = headers;
  const hasSettled = Date.parse(date) - Date.parse(lastModified) >= SETTLED_MS;
  return {
    ...(etag !== undefined && /^(?:W\/)?"[\x21\x23-\x7e]{0,1024}"$/.test(etag) ? { etag } : {}),
    ...(hasSettled && /^[\x20-\x7e]{1,64}$/.test(lastModified) ? { lastModified } : {}),
  };
}

/** Headers that ask for the content only if it is another; {} when nothing tells. */
export function conditionsOf({ etag, lastModified }: Remembered): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

/** The stamp of the remembered blob; undefined when it is gone or damaged. A blob that was touched since is hashed again. */
export async function stampOfIntact(content: ContentStore, known: Remembered): Promise<string | undefined> {
  const stamp = stampOf(content, known.digest);
  if (stamp === undefined || content.size(known.digest) !== known.size) return undefined;
  if (stamp === known.stamp) return stamp;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(content.path(known.digest))) hash.update(chunk as Uint8Array);
  if (digestOfHash(hash) === known.digest) return stamp;
  content.remove(known.digest);
  return undefined;
}

export function stampOf(content: ContentStore, digest: Digest): string | undefined {
  const stat = statSync(content.path(digest), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino}.${stat.ctimeNs}`;
}
