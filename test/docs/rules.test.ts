import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeRule, type ImageResolver, kebab, RULES } from '../../src/frontend/index.ts';
import { type Checked, checkText, fakeResolver } from '../frontend/lower/rig.ts';

const folder = new URL('../../docs/rules/', import.meta.url);
const names = Object.keys(RULES);

test('every rule has its page, and every page its rule', () => {
  const pages = readdirSync(folder).filter((file) => file !== 'README.md');
  expect(pages.sort()).toEqual(names.map((name) => `${kebab(name)}.md`).sort());
});

/** The index is written by this test: `npx vitest run --project unit test/docs/rules.test.ts -u`. */
test('the index is that of the table of rules', async () => {
  const row = (name: string): string => `| [${name}](${kebab(name)}.md) | ${describeRule(name).description} |`;
  const table = (wanted: (name: string) => boolean): string =>
    ['| Rule | |', '|---|---|', ...names.filter(wanted).map(row)].join('\n');
  const isOwn = (name: string): boolean => describeRule(name).isOwn;
  const isExperimental = (name: string): boolean => describeRule(name).mustBeAskedFor && !isOwn(name);
  const index = `# Build checks

What \`tsbuild --check\` reports, and a build at its end. A file skips rules with \`# check=skip=RULE,RULE\` in its first lines, an
instruction with the same in the first such comment above it; \`# check=error=true\` makes findings fail the build. Names are spelt
as here. The value ends at the first blank: what stands behind it is for people. The environment variable and build argument
\`BUILDKIT_DOCKERFILE_CHECK\` stands in for what the file says.

## Of BuildKit

${table((name) => !describeRule(name).mustBeAskedFor)}

## Of BuildKit, experimental

Shown with \`# check=experimental=RULE\`, or \`all\`, and not to be skipped then.

${table(isExperimental)}

## Of tsbuild

Shown with \`--check-rules=tsbuild\`, or \`# check=experimental=tsbuild\`; single ones by name.

${table(isOwn)}
`;
  await expect(index).toMatchFileSnapshot('../../docs/rules/README.md');
});

describe.each(names)('%s', (name) => {
  const file = new URL(`${kebab(name)}.md`, folder);
  const page = existsSync(file) ? readFileSync(file, 'utf8') : '';

  test('is described in the order Output, Why, Bad, Good', () => {
    const { description, mustBeAskedFor } = describeRule(name);
    expect(page).toMatch(/^# /);
    expect(page).toContain(`# ${name}\n\n${description}\n`);
    expect([...page.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(['Output', 'Why', 'Bad', 'Good']);
    expect(section(page, 'Why').length).toBeGreaterThan(80);
    expect(page.includes('Shown only when asked for')).toBe(mustBeAskedFor);
  });

  test('the bad example triggers it, with the output that is shown', async () => {
    const { diagnostics } = await checked(section(page, 'Bad'));
    const found = diagnostics.filter(({ code }) => code === name);
    const lines = found.map(({ code, message, range }) => `${code}: ${message} (line ${range.startLine})`);
    expect(lines.slice(0, 1)).toEqual([fence(section(page, 'Output'), 'text')?.trim()]);
  });

  test('the good example triggers nothing at all', async () => {
    const { diagnostics, error } = await checked(section(page, 'Good'));
    expect(diagnostics).toEqual([]);
    expect(error).toBeUndefined();
  });
});

function checked(text: string): Promise<Checked> {
  const ignored = (fence(text, 'dockerignore') ?? '').split('\n').filter((line) => line !== '');
  return checkText(fence(text, 'dockerfile') ?? '', {
    checkRules: new Set(['all']),
    ignorePatterns: ignored.map((pattern, index) => ({ pattern, line: index + 1, file: '.dockerignore' })),
    resolver: anyImage,
  });
}

/** Knows every image. */
const anyImage: ImageResolver = {
  resolve(name, options) {
    const architecture = name.includes('arm64') ? 'arm64' : options.platform.architecture;
    return fakeResolver({ [name]: { architecture } }).resolve(name, options);
  },
};

function section(page: string, title: string): string {
  return (
    page
      .split(/^## /m)
      .find((part) => part.startsWith(`${title}\n`))
      ?.slice(title.length) ?? ''
  );
}

function fence(text: string, language: string): string | undefined {
  return new RegExp(`^\`\`\`${language}\\n([^]*?\\n)\`\`\`$`, 'm').exec(text)?.[1];
}
