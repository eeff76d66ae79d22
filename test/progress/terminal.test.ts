import { describe, expect, test, vi } from 'vitest';
import type { BuildEvent } from '../../src/progress/index.ts';
import { makePlainRenderer } from '../../src/progress/render/plain.ts';
import { makeTtyRenderer } from '../../src/progress/render/tty.ts';
import { sampleBuild } from '../rig/events.ts';
import { eventsOf, longBuild } from '../rig/events-of.ts';
import { FakeTerminal } from '../rig/terminal.ts';

type Stop = 'stop';

/** What stands on the terminal after these events; between two of them it may be resized. */
function shown(
  events: readonly (BuildEvent | readonly [columns: number, rows: number] | Stop)[],
  { columns = 80, rows = 24, color = false } = {},
): FakeTerminal {
  const terminal = new FakeTerminal(columns, rows);
  const renderer = makeTtyRenderer({ stream: terminal.stream, color });
  for (const event of events) {
    if (event === 'stop') return terminal;
    if (Array.isArray(event)) terminal.resize(event[0] as number, event[1] as number);
    else renderer.handle(event as BuildEvent);
  }
  renderer.end();
  return terminal;
}

function plain(events: readonly BuildEvent[]): string {
  const written: string[] = [];
  const renderer = makePlainRenderer({ write: (text) => void written.push(text), columns: 80, color: false });
  for (const event of events) renderer.handle(event);
  renderer.end();
  return written.join('');
}

const BUILDS = { sample: sampleBuild(), long: longBuild(200) };

test('what the shell says while the program stands still keeps its place, and no line stands twice', () => {
  const terminal = new FakeTerminal(60, 20);
  const renderer = makeTtyRenderer({ stream: terminal.stream, color: false });
  const events = sampleBuild();
  const half = events.findIndex(({ type }) => type === 'step-output') + 1;
  for (const event of events.slice(0, half)) renderer.handle(event);
  renderer.pause();
  terminal.stream.write('[1]+  Stopped\n$ fg\n');
  for (const event of events.slice(half)) renderer.handle(event);
  renderer.end();
  const [before = '', after = ''] = terminal.text().split('[1]+  Stopped\n$ fg\n');
  expect(`${before}${after}`).toBe(shown(events, { columns: 60, rows: 20 }).text());
});

describe.each(Object.entries(BUILDS))('%s', (name, events) => {
  test.each([40, 80, 200])('what a build leaves on %i columns', async (columns) => {
    const terminal = shown(events, { columns });
    await expect(`${terminal.text()}\n`).toMatchFileSnapshot(`golden/${name}-${columns}.txt`);
  });

  test('piped', async () => {
    await expect(plain(events)).toMatchFileSnapshot(`golden/${name}-piped.txt`);
  });

  test('colours are the only difference that NO_COLOR makes', () => {
    expect(shown(events, { color: true }).text()).toBe(shown(events).text());
  });

  test('no row is wider than the terminal', () => {
    const rows = events.filter(({ type }) => type !== 'build-done' && type !== 'notice');
    for (const columns of [20, 39, 40, 60, 80, 99, 100, 120, 200])
      expect(shown(rows, { columns }).hasWrapped).toBe(false);
  });
});

const RUNNING: readonly BuildEvent[] = eventsOf([
  { name: '[a 1/1] RUN make', miss: { code: 'no-record', message: 'never built' } },
]).slice(0, 3);

function output(text: string): BuildEvent {
  return { type: 'step-output', id: 's1', atMs: 5, stream: 'stdout', data: Buffer.from(text) };
}

function live(text: string, size = {}): string {
  vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
  try {
    return shown([...RUNNING, output(text), { type: 'notice', message: 'drawn' }, 'stop'], size).text();
  } finally {
    vi.useRealTimers();
  }
}

describe('output of a RUN in the live part', () => {
  test.each([
    ['colours', '\u001b[1;31mred\u001b[0m and \u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'red and link'],
    ['a line that is drawn again and again', '10 %\r50 %\r100 %', '100 %'],
    ['the same by a sequence', '10 %\u001b[2K\u001b[G50 %', '50 %'],
    ['a spinner', '-\b\\\b|\b/ working', '/ working'],
    ['a tab', 'a\tb', 'a    b'],
    ['a clear screen', '\u001b[2J\u001b[Hhello', 'hello'],
    ['half of a sequence', 'hello\u001b[3', 'hello'],
    ['a bell, and what turns text around', 'a\u0007b\u202ec', 'a\ufffdb\ufffdc'],
    ['no newline', 'Password: ', 'Password:'],
  ])('%s', (_, text, line) => {
    expect(live(text)).toBe(`drawn\n ● [a 1/1] RUN make  0.0 s  never built\n     ${line}`);
  });

  test('characters that terminals do not agree on are cut early enough', () => {
    for (const text of ['👩‍👩‍👧', '🇩🇪', '👍🏽', '❤️', '日', 'ｶ', '\t'])
      expect(live(text.repeat(100), { columns: 30 }).split('\n').at(-1)?.trimEnd()).toMatch(/…$/);
  });
});

describe('the window', () => {
  const wide = [
    ...RUNNING,
    output(`${'x'.repeat(300)}\n${'y'.repeat(300)}\n`),
    { type: 'notice', message: 'before' } as const,
  ];

  test('made narrower and wider while a step runs: nothing of the earlier frames stays', () => {
    const end = BUILDS.sample.slice(-1);
    for (const size of [
      [40, 20],
      [33, 24],
      [120, 40],
    ] as const) {
      const terminal = shown([...wide, size, { type: 'notice', message: 'after' }, ...end], { columns: 100 });
      const text = terminal.text();
      expect(text).not.toMatch(/x{5}|y{5}/);
      expect(text).toMatch(/^before\nafter\n/);
    }
  });

  test('a terminal that does not know its size has 80 columns and 24 rows', () => {
    const terminal = new FakeTerminal(80, 24);
    Object.assign(terminal.stream, { columns: 0, rows: 0 });
    const renderer = makeTtyRenderer({ stream: terminal.stream, color: false });
    for (const event of BUILDS.sample) renderer.handle(event);
    renderer.end();
    expect(terminal.text()).toBe(shown(BUILDS.sample).text());
  });

  test.each([
    [20, 3],
    [39, 5],
    [10, 1],
  ])('of %i columns and %i rows is enough', (columns, rows) => {
    const text = live('hello\nworld\n', { columns, rows });
    expect(text.split('\n').length).toBeLessThanOrEqual(1 + Math.max(1, rows));
    expect(shown(BUILDS.long, { columns, rows }).text()).toContain(' 200');
  });
});
