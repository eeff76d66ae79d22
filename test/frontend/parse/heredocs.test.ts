import { describe, expect, test } from 'vitest';
import { one, parse, place, problems, read } from './rig.ts';

describe('A3 heredocs', () => {
  /** After BuildKit's parser_heredoc_test. */
  const words: readonly (readonly [text: string, name: string, content: string, expand: boolean])[] = [
    ['<<EMPTY\nEMPTY', 'EMPTY', '', true],
    ['3<<FD\nx\nFD', 'FD', 'x\n', true],
    ['<<INDENT\n\tfoo\n\tbar\nINDENT', 'INDENT', '\tfoo\n\tbar\n', true],
    ['<<-UNINDENT\n\tbaz\n\t\tquux\n\tUNINDENT', 'UNINDENT', 'baz\nquux\n', true],
    ["<<-'NOEXPAND'\n\tdon't $NAME\nNOEXPAND", 'NOEXPAND', "don't $NAME\n", false],
    ['<<"EOF"\nx\nEOF', 'EOF', 'x\n', false],
    ['<<COMMENT\n# internal\necho a # b\nCOMMENT', 'COMMENT', '# internal\necho a # b\n', true],
    ["<<eo'f'\nx\neof", 'eof', 'x\n', false],
    ["<<eo\\'f\nx\neo'f", "eo'f", 'x\n', true],
    ["<<'e'o\\'f\nx\neo'f", "eo'f", 'x\n', false],
    ["<<'one two'\nx\none two", 'one two', 'x\n', false],
    ['<<$EOF\n$EOF', '$EOF', '', true],
    ['<< \t\r EOF\nx\nEOF', 'EOF', 'x\n', true],
    ['<<file.txt\nx \\\n\n  # y\nFROM b\nfile.txt', 'file.txt', 'x \\\n\n  # y\nFROM b\n', true],
    ['<<EOF\na\n EOF\nEOF \nEOF', 'EOF', 'a\n EOF\nEOF \n', true],
    ['<<EOF\r\na\r\nEOF\r', 'EOF', 'a\r\n', true],
  ];
  test.each(words)('RUN %s', (text, name, content, expand) => {
    const run = one('run', `RUN ${text}`);
    expect(run.heredocs.map((heredoc) => [heredoc.name, heredoc.content, heredoc.expand])).toEqual([
      [name, content, expand],
    ]);
    expect([run.form, run.args, run.soleHeredoc]).toEqual(['shell', [content], 'script']);
  });

  const without: readonly string[] = [
    'RUN "<<NO"',
    "RUN echo '<<NO'",
    'RUN cat<<NO',
    'RUN a <<<b',
    'RUN ["<<NO"]',
    'RUN echo <<',
    'USER <<NO',
    'CMD <<NO',
    'RUN echo "open <<NO',
    'RUN echo ${x=y} <<NO',
    'RUN echo <<\u00a0NO',
  ];
  test.each(without)('A3.1 none in %s', (text) => {
    expect(read(`FROM a\n${text}\nRUN next`).map(({ heredocs }) => heredocs)).toEqual([[], [], []]);
  });

  test('A3.3 several on one line, and what stands between', () => {
    const run = one('run', 'RUN cat <<A > /a && \\\n cat <<-B > /b\nin $a\nA\n\tin b\n\tB');
    expect(run.heredocs.map(({ name, content }) => [name, content])).toEqual([
      ['A', 'in $a\n'],
      ['B', 'in b\n'],
    ]);
    expect(run.soleHeredoc).toBeUndefined();
    expect(run.args).toEqual(['cat <<A > /a &&  cat <<-B > /b\nin $a\nA\n\tin b\nB']);
    expect(place(run.range)).toBe('2:1-7:3');
    expect(run.heredocs.map(({ range }) => place(range))).toEqual(['4:1-5:2', '6:1-7:3']);
    expect(run.text).toBe('RUN cat <<A > /a &&  cat <<-B > /b');
  });

  test('A3.5 a heredoc and other words go to the shell as they are', () => {
    expect(one('run', 'RUN --network=none <<EOF sh\necho $x\nEOF').args).toEqual(['<<EOF sh\necho $x\nEOF']);
  });

  test('A3.6 COPY: a file for each', () => {
    const copy = one('copy', "COPY <<one a.txt <<'two' /files/\nfirst\none\nsecond\ntwo");
    expect(copy.sources.map(({ text }) => text)).toEqual(['<<one', 'a.txt', "<<'two'"]);
    expect(copy.heredocs.map(({ name, content, expand }) => [name, content, expand])).toEqual([
      ['one', 'first\n', true],
      ['two', 'second\n', false],
    ]);
    expect(one('add', 'ADD <<-x /\n\ta\nx').heredocs[0]?.content).toBe('a\n');
    expect(one('copy', 'COPY ["<<x", "/y"]').heredocs).toMatchObject([{ name: 'x', content: '' }]);
  });

  test('the last of two bodies with one name stands for both', () => {
    expect(one('copy', 'COPY <<x <<x /\n1\nx\n2\nx').heredocs.map(({ content }) => content)).toEqual(['2\n', '2\n']);
  });

  test('A6.17 ONBUILD keeps the bodies in its trigger', () => {
    expect(one('onbuild', 'onbuild run <<-EOF\n\ta\n\tEOF\nRUN x').trigger).toBe('run <<-EOF\n\ta\nEOF');
  });

  const refused: readonly (readonly [rule: string, text: string, problem: string])[] = [
    ['A3.2 unterminated', 'RUN a <<EOF\nx\nEO F\n', '2:7-2:12 heredoc-unterminated unterminated heredoc EOF'],
    ['A3.2 the second one', 'COPY <<A <<B /\nA\nx', '2:10-2:13 heredoc-unterminated unterminated heredoc B'],
    ['A3.2 a longer name first', 'COPY <<AB <<-"A" /\nAB\nx', '2:11-2:17 heredoc-unterminated unterminated heredoc A'],
    ['A3.2 a name in two words', "RUN x <<'A B'\nA", '2:7-2:11 heredoc-unterminated unterminated heredoc A B'],
    ['A3.6 dest', 'COPY a <<EOF\nEOF', '2:8-2:13 instruction-invalid COPY cannot accept a heredoc as a destination'],
  ];
  test.each(refused)('%s', (_rule, text, problem) => expect(problems(`FROM a\n${text}`)).toEqual([problem]));
});

describe('a body that is no UTF-8', () => {
  const file = (text: string): Uint8Array => Buffer.from(`\xef\xbb\xbf# caf\xe9\nFROM a\n${text}`, 'latin1');
  const heredocs = (text: string): unknown => {
    const { instructions, errors } = parse(file(text));
    expect(errors).toEqual([]);
    return instructions[1]?.heredocs.map(({ content, latin1 }) => [content, latin1]);
  };

  test('keeps its bytes when nothing is expanded', () => {
    expect(
      heredocs("COPY <<'E' <<F <<-'G' <<'H' /\n\xff\n\xc3\xa9\nE\n\xff\nF\n\t\xfe\n\tx\n\tG\n\xc3\xa9\nH"),
    ).toEqual([
      ['\ufffd\né\n', '\xff\n\xc3\xa9\n'],
      ['\ufffd\n', undefined],
      ['\ufffd\nx\n', '\xfe\nx\n'],
      ['é\n', undefined],
    ]);
    expect(heredocs("COPY <<'E' /\nE")).toEqual([['', undefined]]);
  });
});
