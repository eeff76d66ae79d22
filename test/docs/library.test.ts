import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import { check, parseDockerfile, targets } from '../../src/index.ts';
import { REPOSITORY } from '../rig/cli.ts';

const text = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
const blocksOf = (language: string): string[] =>
  Array.from(text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')), ([, code = '']) => code);

describe('the examples of docs/library.md', () => {
  test('what parsing prints is what the page says', () => {
    const printed: string[] = [];
    const code = (blocksOf('ts').at(-1) ?? '').replace(/^import .*$/m, '');
    const log = (...words: unknown[]): number => printed.push(`${words.join(' ')}\n`);
    runInNewContext(code, { parseDockerfile, console: { log } });
    expect(printed.join('')).toBe(blocksOf('text')[0]);
  });

  test('compile as a strict project would compile them, those of the README too', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const blocks = [...blocksOf('ts'), /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''];
    expect(blocks).toHaveLength(4);
    expect(problemsOf(blocks)).toEqual([]);
  }, 120_000);
});

/** What the compiler says of modules that stand where a user's would. */
function problemsOf(modules: readonly string[]): string[] {
  const place = (index: number): string => `${REPOSITORY}/test/docs/example-${String(index)}.ts`;
  const sources = new Map(modules.map((code, index) => [place(index), code]));
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, types: ['node'] },
    ...{
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      paths: { 'tsbuild-oci': [`${REPOSITORY}/src/index.ts`] },
    },
  };
  const onDisk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...onDisk,
    readFile: (file) => sources.get(file) ?? onDisk.readFile(file),
    fileExists: (file) => sources.has(file) || onDisk.fileExists(file),
    getSourceFile: (file, version, ...more) => {
      const code = sources.get(file);
      return code === undefined
        ? onDisk.getSourceFile(file, version, ...more)
        : ts.createSourceFile(file, code, version);
    },
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()]
    .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('an option that is undefined has its default', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'library-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch AS one\n');
  const absent = { buildArgs: undefined, contexts: undefined, cwd: undefined, pull: undefined } as object;
  const options = { context: dir, rootDir: join(dir, 'root'), ...absent };
  const result = await targets(options, { signal: new AbortController().signal });
  expect(result.targets.map(({ name }) => name)).toEqual(['one']);
  expect((await check(options, { signal: new AbortController().signal })).error).toBeUndefined();
});

describe('ranges of the tree', () => {
  test('each word on one line slices to its text', () => {
    const dockerfile = parseDockerfile(
      '# escape=`\nFROM --platform=linux/amd64 node AS b\nCOPY --from=b "x" <<f `\n  /y/\nbody\nf\nEXPOSE 80 81\nENV A=1 B="2 3"\nWORKDIR /w x\nVOLUME /a /b\n',
      { file: 'Dockerfile' },
    );
    expect(dockerfile.errors).toEqual([]);
    const lines = dockerfile.text.split('\n');
    const seen: string[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      if ('range' in value && 'text' in value && !('kind' in value)) {
        const { range, text: word } = value as {
          range: { startLine: number; startColumn: number; endColumn: number };
          text: string;
        };
        expect(lines[range.startLine - 1]?.slice(range.startColumn - 1, range.endColumn - 1)).toBe(word);
        seen.push(word);
      }
      Object.values(value).forEach(visit);
    };
    visit(dockerfile);
    expect(seen.sort()).toEqual(
      ['--from=b', '--platform=linux/amd64', '/a', '/b', '/w x', '/y/', '80', '81', '"x"', '<<f', 'b', 'node'].sort(),
    );
    const heredoc = dockerfile.instructions.flatMap(({ heredocs }) => heredocs)[0];
    expect([heredoc?.content, heredoc?.range.startLine, heredoc?.range.endLine]).toEqual(['body\n', 5, 6]);
  });
});
