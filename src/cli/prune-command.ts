import { resolve } from 'node:path';
import type { Pruned, PruneRequest, SpaceItem } from '../../cache/index.ts';
import { paddedSize, plainText, sizeText } from '../progress/index.ts';
import { prune } from '../session/space.ts';
import { removeWithWorker } from '../session/space-worker.ts';
import { nowMs } from '../util/clock.ts';
import type { CliContext } from './context.ts';
import { rootDirectory } from './environment.ts';
import { assertNoWords, parseCommand } from './parse-command.ts';
import { stderr, writeStdout } from './streams.ts';
import { age, byteSize, keyValue, oneOf, usage } from './values.ts';
import { workerScript } from './worker-script.ts';

interface PruneFlags {
  readonly root?: string;
  readonly format?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly filter?: readonly string[];
  readonly maxUsedSpace?: string;
  readonly keepStorage?: string;
}

/** `tsbuild prune`: removes what no running build holds and no image that was built here needs. */
export async function pruneCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<PruneFlags>(FORM, argv);
  assertNoWords(words, 'prune');
  const isJson = oneOf('--format', flags.format ?? 'text', ['text', 'json']) === 'json';
  const rootDir = resolve(context.cwd, rootDirectory(flags.root, context.env));
  const isDryRun = flags.dryRun === true;
  const pruned = await prune(
    rootDir,
    { ...pruneRequest(flags, nowMs()), isDryRun },
    {
      signal: context.signal,
      warn: (message) => void stderr().write(`warning: ${plainText(message)}\n`),
      removeLeftovers: removeWithWorker({ scriptPath: workerScript(), env: context.env, signal: context.signal }),
    },
  );
  await writeStdout(isJson ? prunedJson(pruned, isDryRun) : prunedText(pruned, isDryRun));
  return 0;
}

const FORM: Parameters<typeof parseCommand>[0] = {
  name: 'prune',
  usage: '[options]',
  description:
    'Removes layers, blobs, cache mounts, git repositories and kept failures that no running build holds and no image needs that was built here.',
  options: [
    ['--root <dir>', 'state directory'],
    ['-a, --all', 'named images, records and reports, too'],
    ['--max-used-space <size>', 'only until no more than this is used, what costs least to make again first'],
    ['--keep-storage <size>', 'the same'],
    ['--dry-run', 'say what would be removed'],
    ['-f, --force', 'does not ask; it never does'],
    ['--format <format>', 'text or json'],
  ],
  repeated: [['--filter <filter>', 'until=24h, unused-for=24h, type=cache-mount, id=PREFIX']],
};

/** Names of docker beside our own. */
const TYPES: { readonly [name: string]: SpaceItem['type'] } = {
  layer: 'layer',
  regular: 'layer',
  blob: 'blob',
  record: 'record',
  'cache-mount': 'cache-mount',
  'exec.cachemount': 'cache-mount',
  context: 'context',
  'source.git.checkout': 'context',
  failure: 'failure',
  report: 'report',
};

/** @throws BuildError usage */
export function pruneRequest(
  { all = false, filter = [], maxUsedSpace, keepStorage }: PruneFlags,
  now: number,
): PruneRequest {
  const types = new Set<SpaceItem['type']>();
  let request: PruneRequest = { all };
  for (const text of filter) {
    const [name, value] = keyValue('--filter', text);
    const key = oneOf('--filter', name, ['until', 'unused-for', 'type', 'id']);
    if (value === '') throw usage('--filter', text, `${key}=VALUE`);
    if (key === 'type') types.add(TYPES[oneOf('--filter type', value, Object.keys(TYPES))] ?? 'layer');
    else if (key === 'id') request = { ...request, id: value };
    else request = { ...request, unusedSince: now - age(`--filter ${key}`, value) };
  }
  const limit = maxUsedSpace ?? keepStorage;
  const option = maxUsedSpace === undefined ? '--keep-storage' : '--max-used-space';
  return {
    ...request,
    types: types.size === 0 ? undefined : types,
    keepBytes: limit === undefined ? undefined : byteSize(option, limit),
  };
}

function prunedJson({ items, images, bytes }: Pruned, isDryRun: boolean): string {
  const listed = items.map(({ type, id, bytes: size, lastUsedAt }) => ({ type, id, bytes: size, lastUsedAt }));
  return `${JSON.stringify({ schemaVersion: 1, dryRun: isDryRun, bytes, images, items: listed }, null, 2)}\n`;
}

export function prunedText({ items, images, bytes }: Pruned, isDryRun: boolean): string {
  return [
    ...items.map(({ type, id, bytes: size }) => `${paddedSize(size)}  ${type.padEnd(11)}  ${id}`),
    ...images.map((name) => `           image        ${name}`),
    `${isDryRun ? 'would free' : 'freed'} ${sizeText(bytes)}`,
  ]
    .map((line) => `${plainText(line)}\n`)
    .join('');
}
