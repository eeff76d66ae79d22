export type ArchiveErrorCode =
  | 'truncated'
  | 'bad-checksum'
  | 'bad-pax'
  | 'too-large'
  | 'too-many'
  | 'unsafe-name'
  | 'unsupported'
  | 'not-compressed'
  | 'reserved-name'
  | 'wrong-order';

/** An archive that is broken, hostile, or says what a layer cannot hold. Its message names the entry. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
