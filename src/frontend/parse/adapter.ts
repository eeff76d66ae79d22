import { DockerfileParser } from 'dockerfile-ast';

/** Where dockerfile-ast sees an instruction's name. */
export interface KeywordPlace {
  /** 1-based. */
  readonly line: number;
  readonly startColumn: number;
  readonly endColumn: number;
}

/** Above this, its segmentation costs more than it tells. */
const MAX_CHARS = 256 * 1024;

/**
 * The instruction names that dockerfile-ast finds, by line: the ranges of keywords in the AST come from it. It never throws and
 * accepts anything; which lines are instructions is decided by statements.ts, as BuildKit does.
 */
export function keywordPlaces(text: string): ReadonlyMap<number, KeywordPlace> {
  const places = new Map<number, KeywordPlace>();
  if (text.length > MAX_CHARS) return places;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const { start, end } = instruction.getInstructionRange();
    const line = start.line + 1;
    if (start.line === end.line)
      places.set(line, { line, startColumn: start.character + 1, endColumn: end.character + 1 });
  }
  return places;
}
