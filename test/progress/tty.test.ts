import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { BuildEvent } from '../../src/progress/index.ts';
import { makeTtyRenderer } from '../../src/progress/render/tty.ts';
import { textWidth } from '../../src/progress/render/width.ts';
import { sampleBuild } from '../rig/events.ts';

const ESCAPE = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** What was written, by frame: a frame begins where the lines of the one before it are erased. */
function frames(events: readonly BuildEvent[], size = { columns: 60, rows: 20 }): string[] {
  const stream = Object.assign(new PassThrough(), size, { isTTY: true });
  const renderer = makeTtyRenderer({ stream: stream as unknown as NodeJS.WriteStream, color: false });
  for (const event of events) renderer.handle(event);
  renderer.end();
  const written = (stream.read() as Buffer).toString('utf8');
  return written
    .split('\u001b[2K')
    .map((frame) => frame.replaceAll(ESCAPE, ''))
    .filter((frame) => frame.trim() !== '');
}

const [planned] = sampleBuild();
if (planned === undefined) throw new Error('no events');

describe('the live view', () => {
  test('each step leaves its row when it ends, then come the totals', () => {
    const text = frames(sampleBuild(), { columns: 100, rows: 20 }).join('');
    expect(text.match(/^ [✔●] \[.*$/gm)).toEqual([
      ' ✔ [build 1/4] FROM node:20-bookworm-slim                 hit',
      ' ✔ [build 2/4] RUN npm ci                                 hit    saved 6.1 s',
      ' ● [build 3/4] COPY . .                            0.0 s  miss   src/server.ts changed (content)',
      ' ● [build 4/4] RUN npm run build                   2.1 s  miss   [build 3/4] changed before it',
      ' ✔ [stage-1 2/2] COPY package.json ./                     hit    relinked',
    ]);
    expect(text).not.toContain('[internal]');
    expect(text.trimEnd()).toMatch(/docker run --rm -p 3000:3000 node-app:1\.0$/);
  });

  test('a failed step keeps its last lines, also one without an end', () => {
    const text = frames([
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'step-output', id: 's2', atMs: 1, stream: 'stderr', data: Buffer.from('first\nno newline') },
      { type: 'step-failed', id: 's2', atMs: 2, message: 'exit code: 1' },
      { type: 'build-done', atMs: 3, result: 'failed' },
    ]).join('');
    expect(text).toMatch(/^ ✘ \[build 2\/4\] RUN npm ci +0\.0 s {2}failed\n {5}first\n {5}no newline\n/m);
    expect(text.match(/RUN npm ci/g)).toHaveLength(1);
  });

  test('no line of the live part is wider than the terminal, whatever characters it has', () => {
    const events: BuildEvent[] = [
      planned,
      { type: 'step-started', id: 's4', atMs: 0 },
      { type: 'step-output', id: 's4', atMs: 1, stream: 'stdout', data: Buffer.from(`${'日本語'.repeat(30)}\nx`) },
      { type: 'warning', message: 'draws' },
    ];
    const live = frames(events).flatMap((frame) => frame.split('\n'));
    expect(live.some((line) => line.includes('日本語'))).toBe(true);
    expect(Math.max(...live.map(textWidth))).toBeLessThan(60);
  });

  test('more steps than rows: heads alone, then a count', () => {
    const steps = Array.from({ length: 30 }, (_, index) => ({
      id: `s${index}`,
      name: `[a ${index}/30] RUN x`,
      stage: 'a',
      kind: 'RUN',
      file: 'Dockerfile',
      line: 1,
      isStep: true,
    }));
    const text = frames([
      { type: 'steps-planned', steps },
      ...steps.map(({ id }): BuildEvent => ({ type: 'step-started', id, atMs: 0 })),
      { type: 'notice', message: 'draws' },
    ]).join('');
    expect(text).toContain('[a 14/30]');
    expect(text).not.toContain('[a 15/30]');
    expect(text).toContain(' … and 15 more');
  });

  test('a long reason takes room from the name; no row is wider than the terminal', () => {
    const rows = frames(sampleBuild(), { columns: 80, rows: 20 }).flatMap((frame) => frame.split('\n'));
    expect(rows.join('\n')).toMatch(
      /^ ● \[build 3\/4\] COPY \. \. +0\.0 s {2}miss {3}src\/server\.ts changed \(content\)$/m,
    );
    const steps = rows.filter((row) => /^ [✔●✘·] /.test(row));
    expect(Math.max(...steps.map(textWidth))).toBeLessThan(80);
  });

  test('what ends without a word leaves nothing behind', () => {
    const text = frames([
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'activity-started', id: 'pull', name: 'pulling x', atMs: 0 },
      { type: 'step-missed', id: 's2', atMs: 0, reason: { code: 'no-record', message: 'never built', changes: [] } },
      { type: 'step-cancelled', id: 's2', atMs: 1 },
      { type: 'activity-done', id: 'pull', atMs: 1 },
      { type: 'build-done', atMs: 3, result: 'cancelled' },
    ]).join('');
    expect(text).toMatch(/· \[build 2\/4\] RUN npm ci +0\.0 s {2}cancelled/);
  });
});
