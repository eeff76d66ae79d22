import { BuildError } from '../errors.ts';
import { normaliseReference } from '../image/oci/index.ts';
import { splitCsv } from '../util/csv.ts';
import { parseGoBool } from '../util/go-bool.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { gatherAnnotations } from './annotations.ts';
import type { LayerCompression } from './compression.ts';
import { isFileOutput, type OutputAnnotations, type OutputSpec } from './output-spec.ts';

/**
 * `type=oci,dest=app.tar,…` as buildx writes it; one field that does not begin with `type=` is the path of type=local, `-` a tar on
 * stdout. Of a key that is given twice the last counts.
 * @throws BuildError usage, not-supported-yet
 */
export function parseOutput(text: string): OutputSpec {
  if (text === '-') return { type: 'tar', dest: '-' };
  const fields = splitCsv(text);
  if (fields === undefined) throw usage(text, 'is not understood', 'write type=TYPE,dest=FILE');
  if (fields.length === 1 && fields[0] === text && !text.startsWith('type=')) return { type: 'local', dest: text };
  const found = fieldMap(fields, text);
  const type = typeOf(found, text);
  const spec = {
    type,
    dest: destOf(type, found, text),
    ...layerFields(found, text),
    ...imageFields(found, text),
    ...registryFields(type, found, text),
    ...(found.get('source-date-epoch') === '' ? { fileTimes: 'kept' as const, isUndated: true } : {}),
  };
  const [unknown] = [...found.keys()].filter((key) => !KNOWN_KEYS.has(key) && !ANNOTATION.test(key));
  if (unknown !== undefined)
    throw usage(text, `has the unknown key "${unknown}"`, `it takes ${[...KNOWN_KEYS].join(', ')} and annotation.KEY`);
  return spec;
}

type Fields = ReadonlyMap<string, string>;

const TYPES = ['oci', 'docker', 'tar', 'local', 'registry', 'image', 'cacheonly'] as const;
const KNOWN_KEYS = new Set([
  'type',
  'dest',
  'tar',
  'compression',
  'compression-level',
  'force-compression',
  'oci-mediatypes',
  'name',
  'mode',
  'rewrite-timestamp',
  'attestation-prefix',
  'platform-split',
  'push',
  'push-by-digest',
  'registry.insecure',
  'unpack',
  'source-date-epoch',
]);
/** What is not built yet, and whether true or false asks for what is done anyway. */
const LATER_KEYS = new Map<string, boolean | 'neither'>([
  ['store', true],
  ['name-canonical', false],
  ['prefer-nondist-layers', false],
  ['attestation-inline', false],
  ['oci-artifact', false],
  ['buildinfo', false],
  ['dangling-name-prefix', 'neither'],
  ['compatibility-version', 'neither'],
  ['context', 'neither'],
]);
const ANNOTATION = /^annotation(-[a-z-]+)?(\[[^\]]*\])?\./;

function fieldMap(fields: readonly string[], text: string): Fields {
  const found = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals <= 0) throw usage(text, `has a field without "=": ${JSON.stringify(field)}`, 'write KEY=VALUE');
    const key = field.slice(0, equals).trim();
    const isAnnotation = ANNOTATION.test(key);
    const name = isAnnotation ? key : key.toLowerCase();
    const value = field.slice(equals + 1);
    if (!LATER_KEYS.has(name)) found.set(name, value);
    else if (parseGoBool(value) !== LATER_KEYS.get(name)) throw later(text, `"${name}"`);
  }
  return found;
}

function typeOf(found: Fields, text: string): OutputSpec['type'] {
  const type = found.get('type');
  if (type === undefined) throw usage(text, 'has no type', `write type=${TYPES.join('|')}`);
  const known = TYPES.find((name) => name === type);
  if (known === undefined) throw usage(text, `has the unknown type "${type}"`, `it takes ${TYPES.join(', ')}`);
  return meantType(known, found, text);
}

/** `image` is `registry` when it is pushed; `docker` without a file is loaded. */
function meantType(type: (typeof TYPES)[number], found: Fields, text: string): OutputSpec['type'] {
  const push = truth('push', found, text);
  if (type === 'image') return push === true ? 'registry' : 'image';
  if (type === 'registry') return push === false ? 'image' : 'registry';
  if (push === true) throw usage(text, `pushes what type=${type} writes to a file`, 'write type=registry beside it');
  const isLoaded = type === 'docker' && (found.get('dest') ?? '') === '' && truth('tar', found, text) !== false;
  return isLoaded ? 'load' : type;
}

function destOf(type: OutputSpec['type'], found: Fields, text: string): string {
  const dest = found.get('dest');
  if (!isFileOutput({ type })) {
    if (dest !== undefined && dest !== '') throw usage(text, `has a dest, and type=${type} writes no file`);
    return '';
  }
  const isDirectory = type === 'local' || truth('tar', found, text) === false;
  if (!isDirectory) return dest || '-';
  if (dest === undefined || dest === '') throw usage(text, 'has no dest', 'write dest=DIR');
  if (dest === '-') throw usage(text, 'wants a directory on stdout', 'give dest=DIR');
  return dest;
}

/** What belongs to layers: compression and times. */
function layerFields(found: Fields, text: string): Pick<OutputSpec, 'compression' | 'forceCompression' | 'fileTimes'> {
  return { ...compressionFields(found, text), ...timeFields(found, text) };
}

function timeFields(found: Fields, text: string): Pick<OutputSpec, 'fileTimes'> {
  const isRewritten = truth('rewrite-timestamp', found, text);
  return isRewritten === undefined ? {} : { fileTimes: isRewritten ? 'clamped' : 'kept' };
}

function compressionFields(found: Fields, text: string): Pick<OutputSpec, 'compression' | 'forceCompression'> {
  const name = found.get('compression');
  const levelText = found.get('compression-level');
  const force = truth('force-compression', found, text);
  const forced = force === undefined ? {} : { forceCompression: force };
  if (name === undefined && levelText === undefined) return forced;
  const algorithm = algorithmNamed(name ?? 'gzip', text);
  const max = algorithm === 'zstd' ? 22 : 9;
  if (levelText !== undefined && (!/^\d{1,2}$/.test(levelText) || Number(levelText) > max)) {
    throw usage(text, `has a compression-level that is not 0 to ${max}`);
  }
  const level = levelText === undefined ? {} : { level: Number(levelText) };
  return { compression: { algorithm, ...level }, ...forced };
}

function algorithmNamed(name: string, text: string): LayerCompression['algorithm'] {
  if (name === 'uncompressed') return 'none';
  if (name === 'gzip' || name === 'zstd') return name;
  if (name === 'estargz') throw later(text, 'compression=estargz');
  throw usage(text, `has the unknown compression "${name}"`, 'it takes gzip, zstd and uncompressed');
}

function imageFields(found: Fields, text: string): Pick<OutputSpec, 'tar' | 'ociMediaTypes' | 'names' | 'annotations'> {
  refuseLater(found, text);
  const ociMediaTypes = truth('oci-mediatypes', found, text);
  if (ociMediaTypes === false && found.get('compression') === 'zstd') {
    throw usage(text, 'wants zstd, which conflicts with oci-mediatypes=false');
  }
  const names = (found.get('name') ?? '').split(',').filter((name) => name !== '');
  return withoutAbsent({
    tar: truth('tar', found, text),
    ociMediaTypes,
    names: names.length === 0 ? undefined : names.map(normaliseReference),
    annotations: annotationsOf(found, text),
  });
}

function registryFields(
  type: OutputSpec['type'],
  found: Fields,
  text: string,
): Pick<OutputSpec, 'pushByDigest' | 'insecure'> {
  if (truth('unpack', found, text) === true) throw later(text, 'unpack=true');
  if (type !== 'registry') return {};
  return withoutAbsent({
    pushByDigest: truth('push-by-digest', found, text),
    insecure: truth('registry.insecure', found, text),
  });
}

function refuseLater(found: Fields, text: string): void {
  const mode = found.get('mode') ?? 'copy';
  if (mode === 'delete') throw later(text, 'mode=delete', 'empty the directory before the build');
  if (mode !== 'copy') throw usage(text, `has mode=${mode}, which is neither copy nor delete`);
  if (truth('platform-split', found, text) === true) throw later(text, 'platform-split=true');
  if (found.has('attestation-prefix')) throw later(text, 'attestation-prefix');
  if ((found.get('source-date-epoch') ?? '') !== '') throw later(text, '"source-date-epoch"');
}

/** `annotation[-manifest|-manifest-descriptor][[PLATFORM]].KEY=VALUE` */
function annotationsOf(found: Fields, text: string): OutputAnnotations | undefined {
  const written = [...found].flatMap(([key, value]) => {
    const match = ANNOTATION.exec(key);
    if (match === null) return [];
    const [prefix, level = '', platform] = match;
    return [{ level: level.slice(1), platform: platform?.slice(1, -1), name: key.slice(prefix.length), value }];
  });
  return gatherAnnotations(written, `output ${JSON.stringify(text)}`);
}

const NEVER_EMPTY = new Set(['rewrite-timestamp', 'platform-split']);

/** As Go's strconv.ParseBool reads it; what is empty is true where BuildKit has it so. */
function truth(key: string, found: Fields, text: string): boolean | undefined {
  const value = found.get(key);
  if (value === undefined) return undefined;
  if (value === '' && !NEVER_EMPTY.has(key)) return true;
  const isTrue = parseGoBool(value);
  if (isTrue !== undefined) return isTrue;
  throw usage(text, `has ${key}=${value}, which is neither true nor false`);
}

function usage(text: string, problem: string, hint?: string): BuildError {
  return new BuildError('usage', `output ${JSON.stringify(text)} ${problem}`, { hint });
}

function later(text: string, what: string, hint?: string): BuildError {
  return new BuildError('not-supported-yet', `output ${JSON.stringify(text)}: ${what} is not built yet`, { hint });
}
