import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderError } from '../../src/cli/render-error.ts';
import { BuildError, buildImage } from '../../src/index.ts';

/** Written down before the message was: the words that it must hold. */
interface Expected {
  readonly line: number;
  readonly column: number;
  readonly cause: readonly string[];
  readonly next: readonly string[];
}

const BROKEN = new URL('../../fixtures/broken/', import.meta.url).pathname;
const cases = readdirSync(BROKEN).filter((name) => existsSync(join(BROKEN, name, 'Dockerfile')));

describe('broken Dockerfiles', () => {
  let scratch = '';
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'broken-'));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  test('there are forty at least', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
  });

  test.each(cases)('%s', async (name) => {
    const dir = join(BROKEN, name);
    const error = await failureOf(dir, join(scratch, name));
    const message = renderError(error, { color: false });
    const expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as readonly Expected[];
    const parts = message.split('\n\n');
    const all = [error, ...error.others];
    expect(all.map(({ range }) => `${range?.startLine}:${range?.startColumn}`)).toEqual(
      expected.map(({ line, column }) => `${line}:${column}`),
    );
    expected.forEach(({ cause, next, line, column }, index) => {
      expect(message).toContain(`Dockerfile:${line}:${column}\n`);
      for (const words of cause) expect(parts[index]).toContain(words);
      for (const words of next) expect(all[index]?.hint).toContain(words);
    });
    await expect(message).toMatchFileSnapshot(join(dir, 'golden.txt'));
  });
});

async function failureOf(dir: string, rootDir: string): Promise<BuildError> {
  const context = existsSync(join(dir, 'context')) ? join(dir, 'context') : dir;
  const options = { cwd: dir, context, file: 'Dockerfile', pull: 'never' as const, rootDir };
  try {
    await buildImage(options, { signal: new AbortController().signal });
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
  throw new Error('the build did not fail');
}
