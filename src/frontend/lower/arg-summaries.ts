import type { SourceRange } from '../../errors.ts';
import type { ArgInstruction, KeyValue } from '../ast.ts';
import { descriptionOf } from './descriptions.ts';

/** An ARG that the target can be given, for people who want to know what a Dockerfile takes. */
export interface ArgSummary {
  readonly name: string;
  /** What it came to in this build; undefined when nothing set it. */
  readonly value: string | undefined;
  /** Of a comment `# NAME text` above it. */
  readonly description: string | undefined;
  readonly range: SourceRange;
}

/** One above the first FROM. */
export interface GlobalArg extends ArgSummary {
  /** The names that its default was made of. */
  readonly uses: ReadonlySet<string>;
}

/** One of a stage; without a summary it stands for the global of its name. */
export interface StageArg {
  readonly stage: number;
  readonly name: string;
  readonly summary: ArgSummary | undefined;
}

export function summariseArg({ comments, range }: ArgInstruction, { key }: KeyValue, value?: string): ArgSummary {
  return { name: key, value, description: descriptionOf(comments, key), range };
}

export interface ArgUses {
  readonly globals: readonly GlobalArg[];
  readonly stageArgs: readonly StageArg[];
  /** Those of the stages that the target needs, the target first: where several declare a name, the first counts. */
  readonly stages: readonly { readonly index: number; readonly uses: ReadonlySet<string> }[];
}

/** In source order. Globals count where a FROM, or an ARG of a stage that is needed, makes something of them. */
export function usedArgs({ globals, stageArgs, stages }: ArgUses): readonly ArgSummary[] {
  const globalOf = new Map(globals.map((arg) => [arg.name, arg]));
  const argsOf = byStage(stageArgs);
  const found = new Map<string, ArgSummary>();
  for (const { index, uses } of stages) {
    const own = argsOf.get(index) ?? [];
    const ownOf = new Map(own.flatMap(({ name, summary }) => (summary === undefined ? [] : [[name, summary]])));
    for (const name of withDefaults(new Set([...uses, ...own.map((arg) => arg.name)]), globalOf)) {
      const summary = ownOf.get(name) ?? globalOf.get(name);
      if (summary !== undefined && !found.has(name)) found.set(name, summary);
    }
  }
  return [...found.values()].map(plain).sort((a, b) => compareRanges(a.range, b.range));
}

function byStage(stageArgs: readonly StageArg[]): ReadonlyMap<number, readonly StageArg[]> {
  const found = new Map<number, StageArg[]>();
  for (const arg of stageArgs) {
    const args = found.get(arg.stage);
    if (args === undefined) found.set(arg.stage, [arg]);
    else args.push(arg);
  }
  return found;
}

/** The names, and all that the defaults of globals among them were made of. */
function withDefaults(names: Set<string>, globalOf: ReadonlyMap<string, GlobalArg>): ReadonlySet<string> {
  for (const name of names) for (const used of globalOf.get(name)?.uses ?? []) names.add(used);
  return names;
}

function plain({ name, value, description, range }: ArgSummary): ArgSummary {
  return { name, value, description, range };
}

export function compareRanges(a: SourceRange, b: SourceRange): number {
  return a.startLine - b.startLine || a.startColumn - b.startColumn;
}
