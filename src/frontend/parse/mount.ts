import { BuildError, type SourceRange } from '../../errors.ts';
import { splitCsv } from '../../util/csv.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { parseGoBool } from '../../util/go-bool.ts';
import { parseBytes, parseUint32 } from './go-values.ts';

/** A `--mount` as it is written; what is left out has its default filled in by lowering. */
export interface ParsedMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  readonly source?: string;
  readonly target?: string;
  readonly from?: string;
  readonly readOnly?: boolean;
  readonly id?: string;
  readonly sharing?: 'shared' | 'private' | 'locked';
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly sizeBytes?: number;
  readonly required?: boolean;
  readonly env?: string;
}

export interface MountContext {
  readonly range: SourceRange;
  /** Of every value; without it they are taken as they are. */
  readonly expand?: (text: string) => string;
}

/** @throws BuildError flag-invalid, located at the range */
export function parseMount(value: string, { range, expand = (text) => text }: MountContext): ParsedMount {
  const fields = mountFields(value, range);
  try {
    const mount: Draft = { type: 'bind' };
    for (const field of fields) readField(mount, field, expand);
    assertFits(mount);
    return mount;
  } catch (error) {
    if (!(error instanceof MountProblem)) throw error;
    throw new BuildError('flag-invalid', error.message, { range, hint: error.hint });
  }
}

/**
 * The options as they are written. Whether they are right is asked only where the stage is needed.
 * @throws BuildError flag-invalid, located at the range, when this is no CSV
 */
export function mountFields(value: string, range: SourceRange): readonly string[] {
  const fields = splitCsv(value);
  if (fields !== undefined) return fields;
  const message = `failed to parse csv mounts: ${JSON.stringify(value)}`;
  throw new BuildError('flag-invalid', message, { range, hint: 'write KEY=VALUE,KEY=VALUE' });
}

type Draft = { -readonly [K in keyof ParsedMount]: ParsedMount[K] };

class MountProblem extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const SHARINGS = ['shared', 'private', 'locked'] as const;

/** Options are read from left to right: those that belong to one type stand behind `type=`. */
function readField(mount: Draft, field: string, expand: (text: string) => string): void {
  const at = field.indexOf('=');
  const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
  if (at < 0) {
    const bare = BARE.get(key);
    if (bare === undefined) {
      throw new MountProblem(`invalid field '${field}' must be a key=value pair`, keyHint(key));
    }
    bare(mount, { key, field, value: 'true' });
    return;
  }
  const read = OPTIONS.get(key);
  if (read === undefined) throw new MountProblem(`unexpected key '${key}' in '${field}'`, keyHint(key));
  read(mount, { key, field, value: expand(field.slice(at + 1)) });
}

interface Option {
  readonly key: string;
  readonly field: string;
  readonly value: string;
}
type ReadOption = (mount: Draft, option: Option) => void;

const readOnly: ReadOption = (mount, option) => {
  mount.readOnly = boolOf(option);
};
const readWrite: ReadOption = (mount, option) => {
  mount.readOnly = !boolOf(option);
};
const required: ReadOption = (mount, option) => {
  if (mount.type !== 'secret' && mount.type !== 'ssh') throw misfit(mount, option);
  mount.required = boolOf(option);
};
const source: ReadOption = (mount, { value }) => {
  mount.source = value;
};
const target: ReadOption = (mount, { value }) => {
  mount.target = value;
};

const BARE: ReadonlyMap<string, ReadOption> = new Map([
  ['readonly', readOnly],
  ['ro', readOnly],
  ['readwrite', readWrite],
  ['rw', readWrite],
  ['required', required],
]);

const OPTIONS: ReadonlyMap<string, ReadOption> = new Map<string, ReadOption>([
  ...BARE,
  ['source', source],
  ['src', source],
  ['target', target],
  ['dst', target],
  ['destination', target],
  ['type', readType],
  ['sharing', readSharing],
  ['size', readSize],
  [
    'from',
    (mount, { value }) => {
      mount.from = value;
    },
  ],
  [
    'id',
    (mount, { value }) => {
      mount.id = value;
    },
  ],
  [
    'env',
    (mount, { value }) => {
      mount.env = value;
    },
  ],
  [
    'mode',
    (mount, option) => {
      mount.mode = numberOf(option, 8);
    },
  ],
  [
    'uid',
    (mount, option) => {
      mount.uid = numberOf(option, 10);
    },
  ],
  [
    'gid',
    (mount, option) => {
      mount.gid = numberOf(option, 10);
    },
  ],
]);

function readType(mount: Draft, { value }: Option): void {
  const type = TYPES.find((known) => known === value.toLowerCase());
  if (type === undefined) throw new MountProblem(`unsupported mount type "${value}"`, valueHint('type', value, TYPES));
  mount.type = type;
}

function readSharing(mount: Draft, { value }: Option): void {
  const sharing = SHARINGS.find((known) => known === value.toLowerCase());
  if (sharing === undefined) {
    throw new MountProblem(`unsupported sharing value "${value}"`, valueHint('sharing', value, SHARINGS));
  }
  mount.sharing = sharing;
}

function readSize(mount: Draft, option: Option): void {
  if (mount.type !== 'tmpfs') throw misfit(mount, option);
  const bytes = parseBytes(option.value);
  if (bytes === undefined) throw new MountProblem(`invalid value for size: ${option.value}`, 'write size=64m');
  mount.sizeBytes = bytes;
}

function boolOf({ key, value }: Option): boolean {
  const flag = parseGoBool(value);
  if (flag === undefined)
    throw new MountProblem(`invalid value for ${key}: ${value}`, `write ${key}=true or ${key}=false`);
  return flag;
}

function numberOf({ key, value }: Option, base: 8 | 10): number {
  const number = parseUint32(value, base);
  if (number !== undefined) return number;
  throw new MountProblem(`invalid value ${value} for ${key}`, key === 'mode' ? 'write mode=0755' : `write ${key}=1000`);
}

function assertFits(mount: Draft): void {
  const { type } = mount;
  const misplaced = (['mode', 'uid', 'gid'] as const).find((key) => mount[key] !== undefined);
  if ((type === 'bind' || type === 'tmpfs') && misplaced !== undefined) {
    throw new MountProblem(`${misplaced} not allowed for "${type}" type mounts`, `leave ${misplaced} out`);
  }
  if (type === 'secret') assertSecretFits(mount);
  if (mount.sharing !== undefined && type !== 'cache') {
    throw new MountProblem(`invalid cache sharing set for ${type} mount`, 'leave sharing out, or write type=cache');
  }
}

function assertSecretFits({ from, sharing, source: from2, target: to, id }: Draft): void {
  if (from) throw new MountProblem('secret mount should not have a from', 'leave from out');
  if (sharing !== undefined) throw new MountProblem('secret mount should not define sharing', 'leave sharing out');
  if (!from2 && !to && !id) {
    throw new MountProblem('invalid secret mount. one of source, target required', 'write id=NAME');
  }
  if (from2 && id) throw new MountProblem("both source and id can't be set", 'leave source out');
}

function misfit({ type }: Draft, { key }: Option): MountProblem {
  const hint =
    key === 'size' ? 'size is for type=tmpfs' : `${key} is for type=secret and type=ssh, and stands behind it`;
  return new MountProblem(`unexpected key '${key}' for mount type '${type}'`, hint);
}

function keyHint(key: string): string {
  if (key === '') return 'write no comma before a blank or at the end';
  const known = [...OPTIONS.keys()];
  const meant = didYouMean(key, known);
  return meant === undefined ? `the options are ${known.join(', ')}` : `did you mean ${meant}?`;
}

function valueHint(key: string, value: string, known: readonly string[]): string {
  const meant = didYouMean(value.toLowerCase(), known);
  return meant === undefined ? `write ${key}=${known.join(', ')}` : `did you mean ${meant}?`;
}
