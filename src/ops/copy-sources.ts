import { type Digest, digestOf, type Memo, parseDigest } from '../../cache/index.ts';
import type { CopyOp } from '../graph/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { Result, StepContext } from '../solver/index.ts';
import { type Selection, selectSources } from './copy/index.ts';
import type { OpDeps, OpenStack } from './deps.ts';
import { stackDigest } from './stack-key.ts';

/** What a key needs to know of a selection. */
export interface Selected {
  readonly digest: Digest;
  /** For explanations, which hits have no use for: read when they are made. */
  readonly files: () => Selection['files'];
}

/** What a COPY takes, from the look-up to the writing: looked at as seldom as can be. */
export interface CopySources {
  /** For the key. Of stages it is remembered by their layers, so that a cached build opens no toc. */
  selected(): Promise<Selected>;
  /** All of it, for the length of `use`; whatever of the sources is missing is fetched. */
  withSelection<T>(use: (selection: Selection) => Promise<T>): Promise<T>;
  /** The same without fetching: undefined when a source is not here. */
  withSelectionIfHere<T>(use: (selection: Selection) => Promise<T>): Promise<T | undefined>;
}

export interface CopySourcesOptions {
  readonly op: CopyOp;
  readonly inputs: readonly Result[];
  readonly step: Pick<StepContext, 'signal'>;
  readonly deps: Pick<OpDeps, 'memo' | 'filter' | 'openStack' | 'openStackIfHere' | 'tempDir'>;
}

export function copySources(options: CopySourcesOptions): CopySources {
  const named = namedInputs(options);
  const memoKey = stageMemoKey(options.op, named);
  let kept: Selection | undefined;

  const use = async <T>(act: (selection: Selection) => Promise<T>, open: Open): Promise<T | undefined> => {
    if (kept !== undefined) return act(kept);
    return withTrees({ named, open }, async (trees) => {
      const selection = await select(options, trees);
      kept = keepable(selection, named);
      return act(selection);
    });
  };
  const fetching: Open = (input) => options.deps.openStack(input.layers, { signal: options.step.signal });

  return {
    async selected() {
      const known = memoKey === undefined ? undefined : rememberedSelection(options.deps.memo, memoKey);
      if (known !== undefined) return known;
      return required(
        withTrees({ named, open: fetching }, async (trees) => {
          const selection = await select(options, trees, { keyOnly: true });
          kept = keepable(selection, named);
          if (areTrees(named)) return { digest: selection.digest, files: () => selection.files };
          const { digest, files } = selection;
          if (memoKey !== undefined) rememberSelection(options.deps.memo, memoKey, { digest, files });
          return { digest, files: () => files };
        }),
      );
    },
    withSelection: (act) => required(use(act, fetching)),
    withSelectionIfHere: (act) => use(act, (input) => Promise.resolve(options.deps.openStackIfHere(input.layers))),
  };
}

const REMEMBERED = 'selected';

/** `<digest> <files>`: a hit parses no list of files. */
function rememberSelection(memo: Memo, key: string, { digest, files }: Pick<Selection, 'digest' | 'files'>): void {
  memo.put(REMEMBERED, key, `${digest} ${JSON.stringify(files ?? null)}`);
}

function rememberedSelection(memo: Memo, key: string): Selected | undefined {
  const text = memo.get(REMEMBERED, key);
  if (text === undefined) return undefined;
  const blank = text.indexOf(' ');
  return {
    digest: parseDigest(text.slice(0, blank)),
    files: () => (JSON.parse(text.slice(blank)) as Selection['files'] | null) ?? undefined,
  };
}

type StackInput = Extract<Result, { kind: 'stack' }>;
type Open = (input: StackInput) => Promise<OpenStack | undefined>;

interface NamedInput {
  readonly index: number;
  readonly input: Result;
}

/** The inputs that sources name. The stack below may be one of them: COPY --from the stage's own base. */
function namedInputs({ op, inputs }: CopySourcesOptions): readonly NamedInput[] {
  const named = new Set(op.sources.flatMap((source) => (source.kind === 'path' ? [source.input] : [])));
  return [...named].flatMap((index) => {
    const input = inputs[index];
    return input === undefined ? [] : [{ index, input }];
  });
}

/** Of how patterns are read, and what is taken is told: what was selected by other rules is forgotten. */
const SELECTION_VERSION = 3;

/** Only when every source is a stack or a heredoc: files of a context can change at any time. */
function stageMemoKey(op: CopyOp, named: readonly NamedInput[]): string | undefined {
  const stacks: string[] = [];
  for (const { input } of named) {
    if (input.kind !== 'stack') return undefined;
    stacks.push(stackDigest(input.layers));
  }
  return digestOf(JSON.stringify([SELECTION_VERSION, stacks, op.sources, op.excludes, op.parents, op.unpack]));
}

/** Stacks are closed between look-up and run, and archives are unpacked for the run alone; the rest can be looked at once. */
function keepable(selection: Selection, named: readonly NamedInput[]): Selection | undefined {
  const isWhole = selection.sources.every((source) => source.kind === 'files');
  return isWhole && areTrees(named) ? selection : undefined;
}

/** They stay open, other than stacks. */
function areTrees(named: readonly NamedInput[]): boolean {
  return named.every(({ input }) => input.kind === 'tree');
}

function select(
  { op, step, deps }: CopySourcesOptions,
  trees: ReadonlyMap<number, Tree>,
  more: { readonly keyOnly?: boolean } = {},
): Promise<Selection> {
  const { filter, tempDir, memo } = deps;
  return selectSources(op, trees, {
    ...more,
    signal: step.signal,
    filter,
    memo,
    ...(tempDir === undefined ? {} : { tempDir }),
  });
}

/** Opens every source for the length of `use`; undefined when one cannot be opened. */
async function withTrees<T>(
  { named, open }: { readonly named: readonly NamedInput[]; readonly open: Open },
  use: (trees: ReadonlyMap<number, Tree>) => Promise<T>,
): Promise<T | undefined> {
  const opened: OpenStack[] = [];
  try {
    const trees = new Map<number, Tree>();
    for (const { index, input } of named) {
      if (input.kind === 'tree') {
        trees.set(index, input.tree);
        continue;
      }
      const stack = await open(input);
      if (stack === undefined) return undefined;
      opened.push(stack);
      trees.set(index, stack);
    }
    return await use(trees);
  } finally {
    for (const stack of opened) stack.close();
  }
}

/** Of what fetches: it is there, or an error was thrown. */
async function required<T>(made: Promise<T | undefined>): Promise<T> {
  const value = await made;
  if (value === undefined) throw new Error('a source of a copy was neither opened nor refused');
  return value;
}
