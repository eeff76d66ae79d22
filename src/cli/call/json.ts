import type { CheckResult, OutlineResult, TargetsResult } from '../../check.ts';
import type { BuildError, SourceRange, SourceText } from '../../errors.ts';
import { type ArgSummary, type Diagnostic, describeRule, type MountSummary } from '../../frontend/index.ts';
import { withoutAbsent } from '../../util/without-absent.ts';

/** BuildKit's shape; `hint` is there for rules of our own. */
export function checkJson({ source, diagnostics, error }: CheckResult): object {
  return {
    warnings: diagnostics.map(warning),
    sources: [{ filename: source.file, language: 'Dockerfile', data: base64(source) }],
    ...withoutAbsent({ buildError: error && buildError(error) }),
  };
}

/** With all lines of the instruction, as BuildKit has them. */
function buildError({ message, range, instruction = range }: BuildError): object {
  return { message, location: instruction === undefined ? {} : location(instruction) };
}

export function outlineJson({ source, outline: { name, description, args, secrets, ssh } }: OutlineResult): object {
  return {
    ...withoutAbsent({
      name,
      description,
      args: list(args.map(arg)),
      secrets: list(secrets.map(mount)),
      ssh: list(ssh.map(mount)),
    }),
    sources: [base64(source)],
  };
}

export function targetsJson({ source, targets }: TargetsResult): object {
  return {
    targets: targets.map(({ name, isDefault, description, base, platform, range }) => ({
      ...withoutAbsent({ name, default: isDefault || undefined, description, base, platform }),
      location: location(range),
    })),
    sources: [base64(source)],
  };
}

function warning({ code, message, range, hint }: Diagnostic): object {
  const { description, url } = describeRule(code);
  return {
    ruleName: code,
    description,
    ...withoutAbsent({ url }),
    detail: message,
    ...withoutAbsent({ hint }),
    location: location(range),
  };
}

function arg({ name, description, value, range }: ArgSummary): object {
  return {
    name,
    ...withoutAbsent({ description, value: value === '' ? undefined : value }),
    location: location(range),
  };
}

function mount({ id, isRequired, range }: MountSummary): object {
  return { name: id, ...withoutAbsent({ required: isRequired || undefined }), location: location(range) };
}

function list<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

/** A range for each line, without columns. */
function location({ startLine, endLine }: SourceRange): object {
  const lines = Array.from({ length: Math.max(1, endLine - startLine + 1) }, (_, index) => startLine + index);
  return { ranges: lines.map((line) => ({ start: { line }, end: { line } })) };
}

function base64({ text }: SourceText): string {
  return Buffer.from(text).toString('base64');
}
