import { describe, expect, test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import { type BuildEvent, collectEvents, renderReport } from '../../src/progress/index.ts';
import { makePlainRenderer } from '../../src/progress/render/plain.ts';
import { makeQuietRenderer } from '../../src/progress/render/quiet.ts';
import { makeRawJsonRenderer } from '../../src/progress/render/rawjson.ts';
import { clip } from '../../src/progress/render/width.ts';
import { durationText, plainText, sizeText } from '../../src/progress/render/words.ts';
import { closingLines } from '../../src/progress/summary.ts';
import { sampleBuild } from '../rig/events.ts';
import { eventsOf } from '../rig/events-of.ts';

function render(make: typeof makePlainRenderer | typeof makeRawJsonRenderer, events = sampleBuild()): string {
  const written: string[] = [];
  const renderer = make({ write: (text) => void written.push(text), columns: 80, color: false });
  for (const event of events) renderer.handle(event);
  renderer.end();
  return written.join('');
}

describe('plain', () => {
  const text = render(makePlainRenderer);

  test('a note is a line of its own, and nothing for those who do not look closer', () => {
    const note: BuildEvent = { type: 'note', message: 'layers are unpacked\u001b[2J here' };
    expect(render(makePlainRenderer, [note])).toBe('# layers are unpacked\ufffd[2J here\n');
    expect(render(makeQuietRenderer, [note])).toBe('');
  });

  test('has the line shapes of BuildKit and the reason of a miss', () => {
    expect(text.split('\n').slice(0, 12)).toEqual([
      'node:20-bookworm-slim: built here 2 h ago',
      '#1 [build 1/4] FROM node:20-bookworm-slim',
      '#1 CACHED',
      '',
      '#2 [build 2/4] RUN npm ci',
      '#2 CACHED',
      '',
      '#3 [internal] load build context',
      '#3 DONE 0.0s',
      '',
      '#4 [build 3/4] COPY . .',
      '#4 MISS src/server.ts changed (content)',
    ]);
    expect(text).toContain('#6 CACHED (relinked)');
  });

  test('shows output line by line with the seconds since the step began, and no sequences of terminals', () => {
    expect(text).toContain(
      '#5 0.500 compiling red\n#5 0.505 half a line\n#5 2.100 last, without newline\n#5 DONE 2.1s\n',
    );
  });

  test('ends with the cache report, the totals and how to load the image', () => {
    expect(text.slice(text.indexOf(' ✔'))).toBe(
      [
        ' ✔ [build 1/4] FROM node:20-bookworm-slim                           hit',
        ' ✔ [build 2/4] RUN npm ci                                   2.0 kB  hit    saved 6.1 s',
        ' ● [build 3/4] COPY . .                            0.0 s    2.0 kB  miss   src/server.ts changed (content)',
        ' ● [build 4/4] RUN npm run build                   2.1 s    2.0 kB  miss   [build 3/4] changed before it',
        ' ✔ [stage-1 2/2] COPY package.json ./                       2.0 kB  hit    relinked',
        ` node-app:1.0 → node-app-1.0.tar   68.2 MB   ${digestOf('image')}`,
        ' 5 steps: 3 hit, 2 ran · 3.2 s, saved 6.1 s · longest: npm run build 2.1 s',
        ' layers: 1, 2.0 kB · largest: npm ci 2.0 kB',
        ' load it: docker load -i node-app-1.0.tar && docker run --rm -p 3000:3000 node-app:1.0',
        '',
      ].join('\n'),
    );
  });

  test('all names of the image are told', () => {
    const tags = ['app:1', 'app:latest'];
    const pushed = { type: 'registry', dest: 'r/app:1, r/app:latest', size: 5e6 };
    const events = sampleBuild().map((event) =>
      event.type === 'build-done' && event.image !== undefined
        ? { ...event, image: { ...event.image, tags, outputs: [...event.image.outputs, pushed] } }
        : event,
    );
    const text = render(makePlainRenderer, events);
    expect(text).toContain('\n app:1, app:latest → node-app-1.0.tar   68.2 MB ');
    expect(text).toContain('\n pushed r/app:1, r/app:latest   5.0 MB ');
  });

  test('a layout in a directory is nothing for docker load', () => {
    const layout = { type: 'oci', dest: 'out', size: 5e6, isDirectory: true };
    const events = sampleBuild().map((event) =>
      event.type === 'build-done' && event.image !== undefined
        ? { ...event, image: { ...event.image, outputs: [layout] } }
        : event,
    );
    expect(render(makePlainRenderer, events)).toContain(
      '\n load it: skopeo copy oci:out docker-daemon:node-app:1.0 && docker run ',
    );
  });

  test('of a long name the flags go first', () => {
    const name = '[build 3/9] RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --network=none npm ci --omit=dev';
    const text = render(makePlainRenderer, eventsOf([{ name, miss: { code: 'no-record', message: 'never built' } }]));
    expect(text).toMatch(/^ ● \[build 3\/9\] RUN … npm ci --omit=dev {3}/m);
    expect(text).toContain(`#1 ${name}\n`);
    expect(text).toContain('\n 1 step: ');
  });

  test('a failed build shows what failed and what was cancelled', () => {
    const [planned] = sampleBuild();
    if (planned === undefined) throw new Error('no events');
    const failed = render(makePlainRenderer, [
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'step-failed', id: 's2', atMs: 10, message: 'exit code: 3' },
      { type: 'step-started', id: 's3', atMs: 0 },
      { type: 'step-cancelled', id: 's3', atMs: 10 },
      { type: 'warning', message: 'host network' },
      { type: 'activity-started', id: 'pull', name: 'pulling', atMs: 0 },
      { type: 'activity-done', id: 'pull', atMs: 10, error: 'refused' },
      { type: 'build-done', atMs: 20, result: 'failed' },
    ]);
    expect(failed).toContain('#1 ERROR: exit code: 3');
    expect(failed).toContain('#2 CANCELED');
    expect(failed).toContain('#3 ERROR: refused');
    expect(failed).toContain('WARNING: host network');
    expect(failed).toMatch(/✘ \[build 2\/4\] RUN npm ci +0\.0 s {2}failed/);
    expect(failed).toMatch(/· \[build 1\/4\] FROM .* not reached/);
  });
});

describe('a failed step in plain progress', () => {
  const [planned] = sampleBuild();
  if (planned === undefined) throw new Error('no events');
  const output = (data: Uint8Array): BuildEvent => ({
    type: 'step-output',
    id: 's2',
    atMs: 500,
    stream: 'stdout',
    data,
  });
  const failing = (data: Uint8Array): BuildEvent[] => [
    planned,
    { type: 'step-started', id: 's2', atMs: 0 },
    output(data),
    { type: 'step-failed', id: 's2', atMs: 900, message: 'exit code: 3' },
    { type: 'build-done', atMs: 1000, result: 'failed' },
  ];

  test('says its last ten lines again, after everything else', () => {
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n');
    const text = render(makePlainRenderer, failing(Buffer.from(lines)));
    expect(text.slice(text.indexOf('------'))).toBe(
      [
        '------',
        ' > [build 2/4] RUN npm ci:',
        ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((index) => `0.500 line ${index}`),
        '0.900 line 11',
        '------',
        '',
      ].join('\n'),
    );
  });

  test('says nothing again where it said nothing', () => {
    expect(render(makePlainRenderer, failing(Buffer.alloc(0)))).not.toContain('------');
  });
});

test('rawjson: one parsable object a line, output as base64', () => {
  const events = render(makeRawJsonRenderer)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; data?: string });
  expect(events.map((event) => event.type)).toEqual(sampleBuild().map((event) => event.type));
  expect(Buffer.from(events.find((event) => event.type === 'step-output')?.data ?? '', 'base64').toString()).toContain(
    'compiling',
  );
});

test('quiet says nothing', () => {
  const renderer = makeQuietRenderer();
  for (const event of sampleBuild()) renderer.handle(event);
  renderer.end();
});

test('a build without steps has no closing lines', () => {
  expect(closingLines().handle({ type: 'build-done', atMs: 1, result: 'failed' })).toEqual([]);
});

describe('report', () => {
  const collected = collectEvents();
  for (const event of sampleBuild()) collected.handle(event);
  const report = renderReport(collected.state());

  test('has the steps of the Dockerfile and nothing internal', () => {
    expect(report.steps.map((step) => step.id)).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(report.steps[3]).toMatchObject({
      name: '[build 4/4] RUN npm run build',
      status: 'miss',
      from: 'local',
      line: 4,
      startedMs: 25,
      durationMs: 2100,
      cpuMs: 900,
      reason: { code: 'parent-changed' },
      logFile: '/log',
      layer: { size: 2048 },
    });
  });

  test('adds up', () => {
    expect(report).toMatchObject({ schemaVersion: 1, result: 'built', durationMs: 3200 });
    expect(report.summary).toEqual({ steps: 5, hits: 3, misses: 2, savedMs: 6110, criticalPath: ['s3', 's4'] });
  });
});

test('words', () => {
  expect([999, 1000, 68_200_000].map(sizeText)).toEqual(['999 B', '1.0 kB', '68.2 MB']);
  expect([300, 21_000, 185_000].map(durationText)).toEqual(['0.3 s', '21 s', '3 min 5 s']);
  expect(plainText('a\u001b]0;x\u0007\nb')).toBe('a\ufffd]0;x\ufffd b');
  expect(clip('abcdef', 4)).toBe('abc…');
});
