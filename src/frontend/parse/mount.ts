import { BuildError, type SourceRange } from '../../errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** One `--mount=…` of a RUN, as written: defaults are the lowering's. */
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

type Draft = { -readonly [K in keyof ParsedMount]: ParsedMount[K] };

const TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const SHARING = ['shared', 'private', 'locked'] as const;
const KEYS = [
  'type',
  'from',
  'source',
  'src',
  'target',
  'dst',
  'destination',
  'readonly',
  'ro',
  'readwrite',
  'rw',
  'required',
  'size',
  'id',
  'sharing',
  'mode',
  'uid',
  'gid',
  'env',
];
const BARE = new Set(['readonly', 'ro', 'readwrite', 'rw', 'required']);

/** @throws BuildError flag-invalid that names the option */
export function parseMount(value: string, { range }: { range: SourceRange }): ParsedMount {
  const draft: Draft = { type: 'bind' };
  for (const field of csvFields(value, range)) {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    if (equals < 0 && !BARE.has(key))
      throw bad(range, `invalid field '${field}' must be a key=value pair`, keyHint(key));
    apply(draft, { key, field, value: equals < 0 ? 'true' : field.slice(equals + 1), range });
  }
  checkTogether(draft, range);
  return draft;
}

interface Option {
  readonly key: string;
  readonly field: string;
  readonly value: string;
  readonly range: SourceRange;
}

function apply(draft: Draft, option: Option): void {
  const { key, field, range } = option;
  const setter = SETTERS[key];
  if (setter === undefined) throw bad(range, `unexpected key '${key}' in '${field}'`, keyHint(key));
  setter(draft, option);
}

const SETTERS: Readonly<Record<string, (draft: Draft, option: Option) => void>> = {
  type: (draft, { value, range }) => {
    const type = TYPES.find((one) => one === value.toLowerCase());
    if (type === undefined) throw bad(range, `unsupported mount type "${value}"`, meant(value.toLowerCase(), TYPES));
    draft.type = type;
  },
  from: (draft, { value, range }) => {
    if (/\$./.test(value))
      throw bad(
        range,
        "'from' doesn't support variable expansion, define alias stage instead",
        'write FROM with the variable AS a stage, and name that stage here',
      );
    draft.from = value;
  },
  ...alias(['source', 'src'], (draft, { value }) => void (draft.source = value)),
  ...alias(['target', 'dst', 'destination'], (draft, { value }) => void (draft.target = value)),
  ...alias(['readonly', 'ro'], (draft, option) => void (draft.readOnly = booleanOf(option))),
  ...alias(['readwrite', 'rw'], (draft, option) => void (draft.readOnly = !booleanOf(option))),
  required: (draft, option) => {
    if (draft.type !== 'secret' && draft.type !== 'ssh') throw unexpected(option, draft);
    draft.required = booleanOf(option);
  },
  size: (draft, option) => {
    if (draft.type !== 'tmpfs') throw unexpected(option, draft);
    draft.sizeBytes = sizeOf(option);
  },
  id: (draft, { value }) => void (draft.id = value),
  sharing: (draft, { value, range }) => {
    const sharing = SHARING.find((one) => one === value.toLowerCase());
    if (sharing === undefined)
      throw bad(range, `unsupported sharing value "${value}"`, meant(value.toLowerCase(), SHARING));
    draft.sharing = sharing;
  },
  mode: (draft, option) => void (draft.mode = numberOf(option, 8)),
  uid: (draft, option) => void (draft.uid = numberOf(option, 10)),
  gid: (draft, option) => void (draft.gid = numberOf(option, 10)),
  env: (draft, { value }) => void (draft.env = value),
};

function alias(keys: readonly string[], setter: (draft: Draft, option: Option) => void): Record<string, typeof setter> {
  return Object.fromEntries(keys.map((key) => [key, setter]));
}

function checkTogether(mount: ParsedMount, range: SourceRange): void {
  const { type, mode, uid, gid, sharing, from, source, target, id, env } = mount;
  const hasAttributes = type === 'secret' || type === 'ssh' || type === 'cache';
  for (const [name, value] of [
    ['mode', mode],
    ['uid', uid],
    ['gid', gid],
  ] as const) {
    if (value !== undefined && !hasAttributes)
      throw bad(
        range,
        `${name} not allowed for "${type}" type mounts`,
        `only cache, secret and ssh mounts take ${name}`,
      );
  }
  if (sharing !== undefined && type !== 'cache')
    throw bad(range, `invalid cache sharing set for ${type} mount`, 'only cache mounts are shared');
  if (type === 'secret') {
    if (from !== undefined) throw bad(range, 'secret mount should not have a from', 'remove from');
    if (source === undefined && target === undefined && id === undefined && env === undefined)
      throw bad(range, 'invalid secret mount. one of source, target required', 'give it an id');
    if (source !== undefined && id !== undefined) throw bad(range, "both source and id can't be set", 'keep the id');
  }
  if ((type === 'bind' || type === 'cache' || type === 'tmpfs') && (target === undefined || target === '')) {
    throw bad(range, `invalid mount: a ${type} mount needs a target`, 'add target=/path');
  }
}

/** Fields of one CSV line; a quoted field may hold commas, and two quotes are one. */
function csvFields(text: string, range: SourceRange): readonly string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const field = match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"');
    fields.push(field);
    if (match[3] === '') return fields;
  }
  throw bad(range, `the mount options ${JSON.stringify(text)} are not comma separated fields`, 'close the quote');
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function booleanOf({ key, value, range }: Option): boolean {
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw bad(range, `invalid value for ${key}: ${value}`, 'write true or false');
}

function numberOf({ key, value, range }: Option, base: 8 | 10): number {
  const parsed = (base === 8 ? /^[0-7]+$/ : /^\d+$/).test(value) ? Number.parseInt(value, base) : Number.NaN;
  if (!(parsed <= 0xffffffff))
    throw bad(
      range,
      `invalid value for ${key}: ${value}`,
      base === 8 ? 'write it in octal, e.g. 0755' : 'write a number',
    );
  return parsed;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

function sizeOf({ key, value, range }: Option): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(i?b)?$/i.exec(value);
  if (match === null) throw bad(range, `invalid value for ${key}: ${value}`, 'write a size such as 64m');
  return Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1));
}

function unexpected({ key, range }: Option, { type }: Draft): BuildError {
  return bad(
    range,
    `unexpected key '${key}' for mount type '${type}'`,
    key === 'size' ? 'only tmpfs mounts have a size' : 'only secret and ssh mounts can be required; type comes first',
  );
}

function keyHint(key: string): string {
  return meant(key, KEYS);
}

function meant(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? `it takes ${known.join(', ')}` : `did you mean ${near}?`;
}

function bad(range: SourceRange, message: string, hint: string): BuildError {
  return new BuildError('flag-invalid', message, { range, hint });
}
