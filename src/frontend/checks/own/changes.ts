import type { Instruction } from '../../ast.ts';
import type { Findings } from '../findings.ts';
import { isBelow, isWholeContext, placeOf } from './copies.ts';
import { commandsOf, type ShellCommand } from './shell-commands.ts';

interface Copied {
  readonly line: number;
  readonly place: string;
  /** Of the whole context. */
  readonly isWhole: boolean;
}

/** `RUN chown -R` of what a COPY of the same stage has put there: a second layer holds every file again. */
export function reportChanges(instructions: readonly Instruction[], findings: Findings): void {
  let workdir: string | undefined = '/';
  const copied: Copied[] = [];
  for (const instruction of instructions) {
    if (instruction.kind === 'workdir') workdir = placeOf(instruction.path.text, workdir);
    if (instruction.kind === 'copy' || instruction.kind === 'add') {
      const place = placeOf(instruction.dest.text, workdir);
      if (place !== undefined && copied.length < MAX_COPIED)
        copied.push({ line: instruction.range.startLine, place, isWhole: isWholeContext(instruction) });
    }
    if (instruction.kind !== 'run') continue;
    const found = firstChange(commandsOf(instruction), { workdir, copied });
    if (found === undefined) continue;
    const { program, target, line } = found;
    const message = `${program} -R of ${target} stores again what line ${line} put there`;
    findings.add('ChangeDoublesLayer', message, instruction);
  }
}

/** More are in no Dockerfile that is worth the search. */
const MAX_COPIED = 1000;

interface Place {
  readonly workdir: string | undefined;
  readonly copied: readonly Copied[];
}

function firstChange(
  commands: readonly ShellCommand[],
  { workdir, copied }: Place,
): { program: string; target: string; line: number } | undefined {
  let here = workdir;
  for (const [program, ...args] of commands) {
    if (program === 'cd') here = placeOf(args[0] ?? '', here);
    for (const target of recursiveTargets(program, args)) {
      const place = placeOf(target.replace(/\/\*$/, ''), here);
      const earlier = copied.find((one) => place !== undefined && isDoubled(one, place));
      if (earlier !== undefined) return { program, target, line: earlier.line };
    }
  }
  return undefined;
}

/** Of a directory that was copied as a whole, a part counts as well. */
function isDoubled({ place, isWhole }: Copied, target: string): boolean {
  return isBelow(place, target) || (isWhole && place !== '/' && isBelow(target, place));
}

/** What stands behind owner or mode. */
function recursiveTargets(program: string, args: readonly string[]): readonly string[] {
  if (program !== 'chown' && program !== 'chmod' && program !== 'chgrp') return [];
  const options = args.filter((arg) => OPTION.test(arg));
  if (!options.some((option) => option === '--recursive' || /^-[A-Za-z]*R/.test(option))) return [];
  return args.filter((arg) => !OPTION.test(arg)).slice(options.some((option) => /^--reference=/.test(option)) ? 0 : 1);
}

/** `chmod -x` is a mode. */
const OPTION = /^-(?:-|[RfvcHLPh]+$)/;
