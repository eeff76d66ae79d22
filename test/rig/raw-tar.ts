/** One member of an archive, field by field, true or not. */
export interface RawMember {
  readonly name?: string;
  readonly typeflag?: string;
  readonly content?: string | Buffer;
  /** What the header says; the content's length when absent. */
  readonly size?: number | Buffer;
  readonly mode?: number;
  readonly uid?: number | Buffer;
  readonly gid?: number;
  readonly mtime?: number | Buffer;
  readonly link?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly devMajor?: number;
  readonly devMinor?: number;
  /** Written over the block before the checksum is made, by offset. */
  readonly patch?: Readonly<Record<number, string>>;
  /** Of a PAX header before the member. */
  readonly pax?: Readonly<Record<string, string>>;
}

const BLOCK = 512;

/** An archive that may say anything, with its end. Strings are latin1. */
export function rawTar(members: readonly RawMember[]): Buffer {
  return Buffer.concat([...members.map(rawMember), Buffer.alloc(2 * BLOCK)]);
}

export function rawMember({ pax, ...member }: RawMember): Buffer {
  const content = Buffer.from((member.content as string) ?? '', 'latin1');
  const before = pax === undefined ? [] : [rawMember({ name: 'PaxHeader', typeflag: 'x', content: paxRecords(pax) })];
  return Buffer.concat([...before, header(member, content.length), padded(content)]);
}

export function paxRecords(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => paxRecord(key, value))
    .join('');
}

function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = body.length;
  while (`${length}${body}`.length !== length) length = `${length}${body}`.length;
  return `${length}${body}`;
}

/** A number as GNU's base-256: for a field of `length` bytes. */
export function base256(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

function header(member: Omit<RawMember, 'pax'>, contentSize: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(member.name ?? 'file', 0, 100, 'latin1');
  number(block, 100, 8, member.mode ?? 0o644);
  number(block, 108, 8, member.uid ?? 0);
  number(block, 116, 8, member.gid ?? 0);
  number(block, 124, 12, member.size ?? contentSize);
  number(block, 136, 12, member.mtime ?? 1_600_000_000);
  block.write(member.typeflag ?? '0', 156, 1, 'latin1');
  block.write(member.link ?? '', 157, 100, 'latin1');
  block.write(member.magic ?? 'ustar\x0000', 257, 8, 'latin1');
  number(block, 329, 8, member.devMajor ?? 0);
  number(block, 337, 8, member.devMinor ?? 0);
  block.write(member.prefix ?? '', 345, 155, 'latin1');
  for (const [at, text] of Object.entries(member.patch ?? {})) block.write(text, Number(at), 'latin1');
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function number(block: Buffer, at: number, length: number, value: number | Buffer): void {
  if (typeof value === 'number') block.write(value.toString(8).padStart(length - 1, '0'), at, length, 'latin1');
  else value.copy(block, at);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}
