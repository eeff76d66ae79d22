import { posix } from 'node:path';
import { BuildError, type SourceRange } from '../../errors.ts';
import type { CopyOp, CopySource } from '../../graph/index.ts';
import type { CopyInstruction, Word } from '../ast.ts';
import { findFlag, isOn, valuesOf } from './flags.ts';
import { assertWritable } from './heredoc-names.ts';
import { remoteSource } from './remote-sources.ts';
import { addStep, argValues, InputList, type Step } from './stage-draft.ts';
import { expandedText } from './step-names.ts';

/** COPY and ADD: one vertex that reads the stack below, the context or another stage, and what ADD fetches. */
export function lowerCopy(instruction: CopyInstruction, step: Step): void {
  const { draft, expand, range } = step;
  const copied = expandCopy(instruction, step);
  assertMode(copied.chmod, findFlag(instruction, 'chmod')?.range);
  assertChecksum(instruction, copied, range);
  const inputs = new InputList(draft.vertex);
  const op: CopyOp = {
    kind: 'copy',
    instruction: instruction.kind === 'add' ? 'ADD' : 'COPY',
    sources: copySources(copied, { instruction, step, inputs }),
    dest: destination(draft.image.config.WorkingDir ?? '', copied.dest),
    chown: copied.chown,
    chmod: copied.chmod,
    link: isOn(findFlag(instruction, 'link')),
    parents: isOn(findFlag(instruction, 'parents')),
    excludes: valuesOf(instruction, 'exclude'),
    unpack: unpackOf(instruction),
    epoch: step.lowering.args.epoch,
  };
  addStep(step, {
    op,
    inputs: inputs.vertices,
    text: expandedText(instruction.text, { env: draft.env, escapeToken: step.lowering.escapeToken }),
    kind: op.instruction,
    createdBy: createdBy(op, copied),
    buildArgs: argValues(step.draft, expand.used),
  });
}

/** Relative paths join the work directory; a trailing slash, `.` or nothing means a directory and ends in a slash. */
export function destination(workdir: string, dest: string): string {
  const isDirectory = dest === '' || dest === '.' || dest.endsWith('/') || dest.endsWith('/.');
  const path = posix.resolve('/', workdir, dest);
  return isDirectory && path !== '/' ? `${path}/` : path;
}

interface ExpandedCopy {
  readonly paths: readonly string[];
  readonly inline: readonly Omit<Extract<CopySource, { kind: 'inline' }>, 'kind'>[];
  readonly dest: string;
  readonly chown: string | undefined;
  readonly chmod: string | undefined;
  readonly checksum: string | undefined;
}

function expandCopy(instruction: CopyInstruction, { expand }: Step): ExpandedCopy {
  const word = ({ text, range }: Word): string => expand.word(text, range);
  const flag = (name: string): string | undefined => {
    const found = findFlag(instruction, name);
    return found?.value === undefined ? undefined : expand.word(found.value, found.range) || undefined;
  };
  const paths = instruction.sources.filter((source) => !isHeredocWord(source, instruction));
  return {
    chown: flag('chown'),
    chmod: flag('chmod'),
    checksum: flag('checksum'),
    paths: paths.map(word),
    dest: word(instruction.dest),
    inline: instruction.heredocs.map(({ name, content, latin1, expand: isExpanded, range }) => {
      assertWritable(name);
      if (latin1 !== undefined) return { name, content: latin1, encoding: 'latin1' };
      return { name, content: isExpanded ? expand.raw(content, range) : content };
    }),
  };
}

function isHeredocWord({ text }: Word, { heredocs }: CopyInstruction): boolean {
  return heredocs.length > 0 && /^\d*<<-?\s*[^<]/.test(text);
}

interface SourceContext {
  readonly instruction: CopyInstruction;
  readonly step: Step;
  readonly inputs: InputList;
}

function copySources(
  { paths, inline, checksum }: ExpandedCopy,
  { instruction, step, inputs }: SourceContext,
): CopySource[] {
  const found = paths.map((path): CopySource => {
    const remote = remoteSource(path, {
      ...{ instruction, checksum, range: step.range },
      isDated: step.lowering.args.epoch !== undefined,
    });
    if (remote !== undefined) return { kind: 'path', input: inputs.indexOf(remote.vertex), path: remote.path };
    return { kind: 'path', input: inputs.indexOf(step.lowering.sourceVertex(step.command.sources[0], step)), path };
  });
  return [...found, ...inline.map((file) => ({ kind: 'inline', ...file }) as const)];
}

function unpackOf(instruction: CopyInstruction): CopyOp['unpack'] {
  if (instruction.kind === 'copy') return false;
  const flag = findFlag(instruction, 'unpack');
  return flag === undefined ? 'auto' : isOn(flag);
}

function createdBy({ instruction, parents, chown, chmod }: CopyOp, { paths, inline, dest }: ExpandedCopy): string {
  const words = [
    instruction,
    ...(parents ? ['--parents'] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    ...paths,
    ...inline.map(({ name }) => `<<${name}`),
    dest,
    '# buildkit',
  ];
  return words.join(' ');
}

const SYMBOLIC_MODE = /^[ugoa]*(?:[-+=][rwxXstugo]*)+(?:,[ugoa]*(?:[-+=][rwxXstugo]*)+)*$/;

function assertMode(chmod: string | undefined, range: SourceRange | undefined): void {
  if (chmod === undefined || SYMBOLIC_MODE.test(chmod)) return;
  if (/^[0-7]+$/.test(chmod) && Number.parseInt(chmod, 8) <= 0o7777) return;
  const message = `invalid chmod parameter: '${chmod}'. it should be octal string and between 0 and 07777`;
  throw new BuildError('copy-invalid', message, {
    range,
    hint: 'write --chmod=0755, or symbolic as in --chmod=u=rwX,go=rX',
  });
}

function assertChecksum(
  instruction: CopyInstruction,
  { checksum, paths, inline }: ExpandedCopy,
  range: SourceRange,
): void {
  if (checksum === undefined) return;
  const [source = ''] = paths;
  const flag = findFlag(instruction, 'checksum');
  const refuse = (message: string): BuildError =>
    new BuildError('copy-invalid', message, {
      range: flag?.range ?? range,
      hint: 'name one source, a URL, beside --checksum',
    });
  if (paths.length + inline.length !== 1) throw refuse("checksum can't be specified for multiple sources");
  if (
    !/^https?:\/\//.test(source) &&
    remoteSource(source, { instruction, range, checksum, isDated: false }) === undefined
  ) {
    throw refuse('checksum requires HTTP(S) or Git sources');
  }
}
