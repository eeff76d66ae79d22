import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BuildError, type SourceRange } from '../../../src/errors.ts';
import type { Dockerfile } from '../../../src/frontend/ast.ts';
import { parse } from './rig.ts';

const DOCKERFILE = `# escape=\\
# check=skip=all
ARG V=1
FROM --platform=$P base:$V AS one
ENV A="x y" B='z' \\
  # comment

  C=\\$d
LABEL legacy form of it
COPY --from=one --chown=1:2 <<a <<-'b' ["x"] /to/
body $A
a
\tother
\tb
RUN --mount=type=cache,target=/c,id="x" <<EOF sh
echo \${x:-y}
EOF
HEALTHCHECK --interval=1m30s --retries=3 CMD ["a", "b\\u0041"]
ONBUILD ADD --link=true a b
VOLUME ["/v 1", "/v2"]
EXPOSE 80/tcp 90
SHELL ["/bin/sh", "-c"]
USER u
WORKDIR /w
STOPSIGNAL 9
CMD echo 'one' \\
  two`;

/** Pieces that mean something, in any order. */
const TOKENS = [
  ...DOCKERFILE.split(/(?<=\s)/),
  ...['\\\n', '`\n', '<<', '<<-EOF', 'EOF\n', '${', '}', '"', "'", '[', ']', ',', '=', '--', '\r\n', '\t', '\u0000'],
  ...['\ufeff', '\u0085', '\u2028', '# escape=`\n', '#!', 'FROM ', 'ONBUILD ', 'RUN ', '😀', '\ud800', '__proto__'],
];

const mutated = fc
  .array(fc.tuple(fc.nat(DOCKERFILE.length), fc.nat(12), fc.constantFrom(...TOKENS, '')), { maxLength: 8 })
  .map((edits) =>
    edits.reduce((text, [at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length), DOCKERFILE),
  );

function assertSound(dockerfile: Dockerfile): void {
  const lines = dockerfile.text.split('\n');
  const check = (range: SourceRange): void => {
    expect(range.startLine).toBeGreaterThanOrEqual(1);
    expect(range.endLine).toBeLessThanOrEqual(Math.max(1, lines.length));
    const isOneLine = range.startLine === range.endLine;
    expect(isOneLine ? range.startColumn <= range.endColumn : range.startLine < range.endLine).toBe(true);
    expect(range.endColumn).toBeLessThanOrEqual((lines[range.endLine - 1] ?? '').length + 1);
    expect(range.startColumn).toBeGreaterThanOrEqual(1);
  };
  for (const error of dockerfile.errors) {
    expect(error).toBeInstanceOf(BuildError);
    expect(error.hint).toBeTruthy();
    if (error.range !== undefined) check(error.range);
  }
  for (const instruction of dockerfile.instructions) {
    check(instruction.range);
    for (const flag of instruction.flags) check(flag.range);
    for (const heredoc of instruction.heredocs) check(heredoc.range);
  }
}

describe('whatever the text, there is an answer', () => {
  test('the whole', () => expect(parse(DOCKERFILE).errors.map(({ message }) => message)).toEqual([]));

  test('a mutated Dockerfile', () => {
    fc.assert(
      fc.property(mutated, (text) => assertSound(parse(text))),
      { numRuns: 400 },
    );
  });

  test('tokens in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }), (tokens) =>
        assertSound(parse(tokens.join(''))),
      ),
      { numRuns: 400 },
    );
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assertSound(parse(bytes))),
      { numRuns: 300 },
    );
  });

  test('a text without end: the first thousand errors', () => {
    expect(parse('x\n'.repeat(5000)).errors).toHaveLength(1000);
  });
});
