import { DockerfileParser, type Instruction } from 'dockerfile-ast';

export interface Span {
  readonly text: string;
  /** Offsets in the text that was given. */
  readonly start: number;
  readonly end: number;
}

/** The keyword that dockerfile-ast sees at the top of one instruction, also when it is continued on a second line. */
export function keywordOf(source: string, escapeToken: '\\' | '`'): Span | undefined {
  const prefix = escapeToken === '`' ? '# escape=`\n' : '';
  const text = prefix + source.slice(0, HEAD);
  const instruction = DockerfileParser.parse(text).getInstructions()[0];
  if (instruction === undefined) return undefined;
  const { start, end } = offsetsOf(instruction.getInstructionRange(), text);
  return { text: instruction.getInstruction(), start: start - prefix.length, end: end - prefix.length };
}

/** The value of a line that is a directive. */
export function directiveValueOf(line: string): Span | undefined {
  const directive = DockerfileParser.parse(line).getDirectives()[0];
  if (directive === undefined) return undefined;
  return { text: directive.getValue(), ...offsetsOf(directive.getValueRange(), line) };
}

/** A keyword further down is nothing that anybody meant. */
const HEAD = 256;

type Range = ReturnType<Instruction['getRange']>;

function offsetsOf({ start, end }: Range, text: string): { readonly start: number; readonly end: number } {
  return { start: offsetOf(text, start), end: offsetOf(text, end) };
}

function offsetOf(text: string, { line, character }: Range['start']): number {
  let start = 0;
  for (let i = 0; i < line; i++) start = text.indexOf('\n', start) + 1;
  return start + character;
}
