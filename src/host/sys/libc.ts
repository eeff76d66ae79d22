import { constants } from 'node:os';
import { type Koffi, loadKoffi } from './koffi.ts';
import { SysError } from './sys-error.ts';

/** Text is UTF-8; a Buffer is taken byte for byte, without a terminating NUL. */
export type SysPath = string | Buffer;

type Library = ReturnType<Koffi['load']>;
type Argument = number | bigint | Uint8Array | null;
type Native = (...args: Argument[]) => number | bigint;

/** A libc function, found on its first call. Returns what libc returns; `errno()` tells why it was -1. */
export type LibcFunction = (...args: Argument[]) => number;

/** @param prototypes of the same call, in order of preference: C libraries differ in what they export */
export function libcFunction(...prototypes: readonly string[]): LibcFunction {
  let native: Native | undefined;
  return (...args) => {
    native ??= find(prototypes);
    return Number(native(...args));
  };
}

/** The same, found at once, of a call whose result is an `int`. @throws SysError ENOSYS */
export function nativeFunction(prototype: string): LibcFunction {
  return find([prototype]) as LibcFunction;
}

/** Whether libc has a function of one of the prototypes. */
export function hasLibcFunction(prototype: string): boolean {
  return lookUp(prototype) !== undefined;
}

/** Of the last call, at once: the next libc call overwrites it. */
export function errno(): number {
  return libc().koffi.errno();
}

/**
 * What a call that may be made again comes to: its result, or the reason why it failed, less than 0, as the kernel itself tells it. Between a
 * call and the look at errno V8 may compile or collect, and the allocator of the C library leaves its own errno then, mostly ENOMEM: a
 * reason that is not usual counts when it is told twice.
 */
export function resultOf(call: () => number, usual: ReadonlySet<number>, reasonNow: () => number = errno): number {
  for (let before: number | undefined; ; ) {
    const result = call();
    if (result !== -1) return result;
    const reason = reasonNow();
    if (usual.has(reason) || reason === before) return -reason;
    before = reason;
  }
}

/** @throws SysError when the result is -1. */
export function checked(result: number, syscall: string, subject?: SysPath): number {
  if (result === -1) throw new SysError(syscall, errno(), subject?.toString());
  return result;
}

/** NUL-terminated bytes. @throws SysError EINVAL for a path with a NUL inside */
export function cString(path: SysPath): Buffer {
  const bytes = bytesOf(path);
  return terminated(bytes, Buffer.allocUnsafe(bytes.length + 1));
}

let scratch = Buffer.alloc(8192);

/** The same, valid until the next call: for many paths one after the other. @throws SysError EINVAL */
export function scratchText(path: SysPath): Buffer {
  const bytes = bytesOf(path);
  if (bytes.length >= scratch.length) scratch = Buffer.alloc(2 * bytes.length);
  return terminated(bytes, scratch);
}

function bytesOf(path: SysPath): Buffer {
  const bytes = typeof path === 'string' ? Buffer.from(path, 'utf8') : path;
  if (bytes.includes(0)) throw new SysError('path', constants.errno.EINVAL, bytes.toString());
  return bytes;
}

function terminated(bytes: Buffer, text: Buffer): Buffer {
  text.set(bytes);
  text[bytes.length] = 0;
  return text;
}

function find(prototypes: readonly string[]): Native {
  for (const prototype of prototypes) {
    const native = lookUp(prototype);
    if (native !== undefined) return native;
  }
  throw new SysError(prototypes[0] ?? '', constants.errno.ENOSYS);
}

const found = new Map<string, Native | undefined>();

function lookUp(prototype: string): Native | undefined {
  if (!found.has(prototype)) found.set(prototype, declare(prototype));
  return found.get(prototype);
}

function declare(prototype: string): Native | undefined {
  const { library } = libc();
  try {
    return library.func(prototype) as Native;
  } catch (error) {
    if (/Cannot find function/.test(String(error))) return undefined;
    throw error;
  }
}

interface Libc {
  readonly koffi: Koffi;
  readonly library: Library;
}

let loaded: Libc | undefined;

/** Loaded on the first call: most modules that import this room never call it. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  const koffi = loadKoffi();
  loaded = { koffi, library: loadLibc(koffi) };
  return loaded;
}

const MUSL_ARCH: { readonly [arch: string]: string } = {
  x64: 'x86_64',
  arm64: 'aarch64',
  riscv64: 'riscv64',
  ppc64: 'powerpc64le',
  s390x: 's390x',
};

function loadLibc(koffi: Koffi): Library {
  const names = ['libc.so.6', `libc.musl-${MUSL_ARCH[process.arch] ?? process.arch}.so.1`];
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {}
  }
  throw new Error(`no C library found: tried ${names.join(' and ')}`);
}
