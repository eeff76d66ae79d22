import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/cli/version.ts';

const repository = new URL('../../', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, repository), 'utf8');
const manifest = JSON.parse(text('package.json')) as { version: string; dependencies: Record<string, string> };

test('each runtime dependency has its line of reason, and an exact version', () => {
  const reasons = [...text('ARCHITECTURE.md').matchAll(/^\| ([a-z-]+) \| `([a-z/]+)` \| (.+) \|$/gm)];
  expect(reasons.map((match) => match[1]).sort()).toEqual(Object.keys(manifest.dependencies).sort());
  for (const [, name, room] of reasons) {
    expect(manifest.dependencies[name ?? '']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(existsSync(new URL(`src/${room ?? ''}`, repository)), room).toBe(true);
  }
});

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/errors.md', 'docs/report.md'])(
  'files that %s names are there',
  (document) => {
    const named = [...text(document).matchAll(/\b((?:src|cache|scripts|fixtures|docs|test)\/[\w./-]*\w)/g)].map(
      (match) => match[1] ?? '',
    );
    const absent = named.filter((path) => !existsSync(new URL(path, repository)) && !EXAMPLES.has(path));
    expect(absent).toEqual([]);
  },
);

test('the lines of rooms in ARCHITECTURE.md are those that the lint step checks', () => {
  const drawn = /^cache · util[\s\S]*?^index\.ts · cli$/m.exec(text('ARCHITECTURE.md'))?.[0].split('\n').length;
  const checked = /const LINES = \[\n([\s\S]*?)\n\];/
    .exec(text('.dependency-cruiser.cjs'))?.[1]
    ?.match(/^ {2}\[/gm)?.length;
  expect(drawn).toBe(checked);
});

test('tsbuild --version says what package.json says', () => {
  expect(VERSION).toBe(manifest.version);
});

/** Shown in error messages and instructions, not links. */
const EXAMPLES = new Set(['src/app.ts', 'src/ops/copy.ts', 'test/ops/copy.test.ts']);
