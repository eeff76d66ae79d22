export type RootErrorReason = 'not-a-directory' | 'not-writable' | 'not-private' | 'full' | 'no-locks' | 'failed';

/** The directory cannot hold a root. The message is a sentence for people. */
export class RootError extends Error {
  override readonly name = 'RootError';
  readonly reason: RootErrorReason;
  readonly dir: string;

  constructor(dir: string, reason: RootErrorReason, cause?: unknown) {
    super(`the state directory ${dir} ${TEXTS[reason]}${detail(reason, cause)}`, { cause });
    this.reason = reason;
    this.dir = dir;
  }
}

const TEXTS: { readonly [reason in RootErrorReason]: string } = {
  'not-a-directory': 'is not a directory, or lies below a file',
  'not-writable': 'cannot be written',
  'not-private': 'holds files of others and is open to other users; give an empty or a new one',
  full: 'lies on a full disk',
  'no-locks': 'lies on a file system that cannot lock files',
  failed: 'cannot be used',
};

/** What a failed system call says about the directory. */
export function rootErrorOf(dir: string, error: unknown): RootError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new RootError(dir, REASONS[code] ?? 'failed', error);
}

const REASONS: { readonly [code: string]: RootErrorReason } = {
  ENOTDIR: 'not-a-directory',
  EEXIST: 'not-a-directory',
  ELOOP: 'not-a-directory',
  EACCES: 'not-writable',
  EPERM: 'not-writable',
  EROFS: 'not-writable',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOLCK: 'no-locks',
  ENOTSUP: 'no-locks',
  EOPNOTSUPP: 'no-locks',
  ENOSYS: 'no-locks',
};

function detail(reason: RootErrorReason, cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  const code = (cause as NodeJS.ErrnoException).code;
  return reason === 'failed' ? `: ${cause.message}` : code === undefined ? '' : ` (${code})`;
}
