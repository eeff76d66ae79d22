import { constants } from 'node:os';
import { checked, cString, libcFunction, resultOf, type SysPath, scratchText } from './libc.ts';
import { SysError } from './sys-error.ts';

const lgetxattrCall = libcFunction('long lgetxattr(void *path, void *name, void *value, size_t size)');
const llistxattrCall = libcFunction('long llistxattr(void *path, void *list, size_t size)');
const lsetxattrCall = libcFunction('int lsetxattr(void *path, void *name, void *value, size_t size, int flags)');

/** @param name bytes decoded as latin1. Undefined when the file has none of that name, or its file system has no xattrs. */
export function lgetxattr(path: SysPath, name: string): Uint8Array | undefined {
  const file = scratchText(path);
  const key = cName(name);
  return grown((buffer) => lgetxattrCall(file, key, buffer, buffer.length), 'lgetxattr', path);
}

/** Names, bytes decoded as latin1, in code unit order; [] where the file system has no xattrs. */
export function llistxattr(path: SysPath): string[] {
  const file = cString(path);
  const list = grown((buffer) => llistxattrCall(file, buffer, buffer.length), 'llistxattr', path);
  if (list === undefined || list.length === 0) return [];
  return list.toString('latin1').slice(0, -1).split('\0').sort();
}

/** @param name bytes decoded as latin1 */
export function lsetxattr(path: SysPath, name: string, value: Uint8Array): void {
  const key = cName(name);
  checked(lsetxattrCall(cString(path), key, value, value.length, 0), 'lsetxattr', path);
}

/** The last one: many files are asked for the same. */
let named: { readonly name: string; readonly text: Buffer } = { name: '', text: Buffer.alloc(1) };

function cName(name: string): Buffer {
  if (named.name !== name) named = { name, text: cString(Buffer.from(name, 'latin1')) };
  return named.text;
}

/** The kernel's limit for a value and for a list of names. */
const MAX_BYTES = 65_536;
const scratch = Buffer.alloc(256);

/** Most values and lists are small: they cost one call. */
function grown(call: (buffer: Buffer) => number, syscall: string, path: SysPath): Buffer | undefined {
  for (const buffer of [scratch, undefined]) {
    const room = buffer ?? Buffer.alloc(MAX_BYTES);
    const length = resultOf(() => call(room), USUAL);
    if (length >= 0) return Buffer.from(room.subarray(0, length));
    if (ABSENT.has(-length)) return undefined;
    if (-length !== constants.errno.ERANGE || buffer === undefined)
      throw new SysError(syscall, -length, path.toString());
  }
  return undefined;
}

const ABSENT = new Set([constants.errno.ENODATA, constants.errno.ENOTSUP, constants.errno.EOPNOTSUPP]);
const USUAL = new Set([...ABSENT, constants.errno.ERANGE]);
