import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BuildEvent, collectFailureTails } from '../../src/progress/index.ts';
import { renderMarkdown } from '../../src/progress/markdown.ts';
import { codeText } from '../../src/progress/markdown-text.ts';
import { sampleBuild } from '../rig/events.ts';
import { eventsOf, longBuild, stateOfEvents } from '../rig/events-of.ts';

const MIB = 1024 * 1024;

function markdown(events: readonly BuildEvent[], maxBytes = MIB): string {
  return renderMarkdown(stateOfEvents(events), { maxBytes });
}

const HOSTILE = '[a 1/2] RUN echo "a | b" `id` <img src=x> **x** _y_ [l](http://e) \\| $a$b$ \u001b[31m @me\nnext';

describe('a page', () => {
  test('of a build with hits and misses', async () => {
    await expect(markdown(sampleBuild())).toMatchFileSnapshot('golden/built.md');
  });

  test('of a build that failed, with all that changed, warnings and a hint', async () => {
    const files = Array.from({ length: 60 }, (_, index) => ({ path: `logs/${index}.log`, what: 'content' }));
    const [planned, ...events] = eventsOf([
      { name: '[build 1/4] FROM node:20', ms: 0 },
      {
        name: '[build 2/4] COPY . .',
        ms: 12,
        miss: { code: 'files-changed', message: 'files: 60 changed', changes: files },
      },
      { name: '[build 3/4] RUN npm test', ms: 61_000, fails: 'exit code: 3' },
      { name: '[build 4/4] RUN true' },
    ]);
    if (planned === undefined) throw new Error('no events');
    const told: BuildEvent[] = [
      { type: 'warning', message: 'the host network is used' },
      { type: 'hint', message: 'add *.log to .dockerignore: it caused 3 of your last 5 misses' },
    ];
    await expect(markdown([planned, ...told, ...events])).toMatchFileSnapshot('golden/failed.md');
  });

  test('of a build that was cancelled', async () => {
    const [planned] = sampleBuild();
    if (planned === undefined) throw new Error('no events');
    const text = markdown([
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'step-cancelled', id: 's2', atMs: 10 },
      {
        type: 'build-done',
        atMs: 20,
        result: 'cancelled',
        error: { code: 'cancelled', message: 'the build was cancelled' },
      },
    ]);
    await expect(text).toMatchFileSnapshot('golden/cancelled.md');
  });

  test('of what never began', () => {
    expect(
      markdown([{ type: 'build-done', atMs: 0, result: 'failed', error: { code: 'usage', message: 'why' } }]),
    ).toBe('### ❌ tsbuild failed in 0.0 s\n\n**Error:** <code>why</code> [<code>usage</code>]\n');
  });

  test('of words that are markup, and too long', async () => {
    const long = `[a 2/2] RUN ${'日本語 and more '.repeat(5000)}`;
    const text = markdown(eventsOf([{ name: HOSTILE, miss: { code: 'no-record', message: HOSTILE } }, { name: long }]));
    await expect(text).toMatchFileSnapshot('golden/hostile.md');
  });
});

test('what a failed step said last is there, as text', () => {
  const output = `${Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')}\n\n<b>\u001b[31m*not*\u001b[0m\t&</pre>`;
  const events = eventsOf([{ name: '[a 1/1] RUN make', fails: 'exit code: 3', output }]);
  const tails = collectFailureTails();
  for (const event of events) tails.handle(event);
  const page = renderMarkdown(stateOfEvents(events), { maxBytes: MIB, tails: tails.lines });
  expect(page).toMatch(/^Last output of <code>\[a 1\/1\] RUN make<\/code>:\n\n<pre>line 12\n/m);
  expect(page).toContain('line 29\n\n&#60;b&#62;*not*    &#38;&#60;/pre&#62;</pre>\n');
  expect(page).not.toContain('line 11\n');
});

describe('its size', () => {
  test.each([2048, 5000, 20_000, 100_000])('is %i bytes at most, and what was left out is said', (maxBytes) => {
    const text = markdown(longBuild(1000), maxBytes);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
    expect(text).toContain('Clipped');
    expect(text.split('<details>').length).toBe(text.split('</details>').length);
  });

  test('is bounded for any build, by its steps and by words', () => {
    const name = '\u{1f600}|'.repeat(10_000);
    const changes = Array.from({ length: 5000 }, () => ({ path: name, what: name }));
    const miss = { code: 'files-changed' as const, message: name, changes };
    const text = markdown(eventsOf(Array.from({ length: 300 }, () => ({ name, miss }))));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MIB);
    expect(text).toContain('Clipped');
  });

  test('has room for two hundred steps', () => {
    const text = markdown(longBuild(200));
    expect(text).not.toContain('Clipped');
    expect(text.match(/^\| <code>\[build/gm)).toHaveLength(200);
  });
});

describe('text from outside', () => {
  test('is one line without markup, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (left, right) => {
        const text = codeText(`${left}|\`<${right}`, 400);
        expect(text).toMatch(/^<code>[^|`<>\\*~$\n\r\u001b]*<\/code>$/);
        expect(text).not.toMatch(/&(?!#\d+;)/);
      }),
    );
  });

  test.each([
    ['my_file.ts __x__', 'my_file.ts &#95;&#95;x&#95;&#95;'],
    ['[build 1/2] RUN [x](y)', '[build 1/2] RUN [x&#93;(y)'],
    ['https://www.x.org', 'https&#58;//www&#46;x.org'],
    ['a & b &lt;', 'a &#38; b &#38;lt;'],
  ])('%s', (text, escaped) => {
    expect(codeText(text)).toBe(`<code>${escaped}</code>`);
  });
});
