import { diffIDOf, digestOf } from '../../cache/index.ts';
import type { BuildEvent, StepInfo } from '../../src/progress/index.ts';

function step(id: string, name: string, isStep = true): StepInfo {
  const kind = name.split(' ')[2] ?? '';
  return { id, name, stage: 'build', kind, file: 'Dockerfile', line: Number(id.slice(1)), isStep };
}

/** The events of a build as DESIGN's example shows it: hits, a changed file, what stands on it, a relinked COPY. */
export function sampleBuild(): BuildEvent[] {
  const layer = { diffID: diffIDOf(digestOf('layer')), size: 2048 };
  return [
    {
      type: 'steps-planned',
      steps: [
        step('s1', '[build 1/4] FROM node:20-bookworm-slim'),
        step('s2', '[build 2/4] RUN npm ci'),
        step('i1', '[internal] load build context', false),
        step('s3', '[build 3/4] COPY . .'),
        step('s4', '[build 4/4] RUN npm run build'),
        step('s5', '[stage-1 2/2] COPY package.json ./'),
      ],
    },
    { type: 'notice', message: 'node:20-bookworm-slim: built here 2 h ago' },
    { type: 'step-started', id: 's1', atMs: 1 },
    {
      type: 'step-hit',
      id: 's1',
      atMs: 1,
      reason: { code: 'same', message: 'same as before', changes: [] },
      savedMs: 0,
    },
    { type: 'step-started', id: 's2', atMs: 2 },
    {
      type: 'step-hit',
      id: 's2',
      atMs: 3,
      reason: { code: 'same', message: 'same as before', changes: [] },
      savedMs: 6100,
      layer,
    },
    { type: 'step-started', id: 'i1', atMs: 3 },
    { type: 'step-done', id: 'i1', atMs: 4 },
    { type: 'step-started', id: 's3', atMs: 4 },
    {
      type: 'step-missed',
      id: 's3',
      atMs: 5,
      reason: {
        code: 'files-changed',
        message: 'src/server.ts changed (content)',
        changes: [{ path: 'src/server.ts', what: 'content' }],
      },
    },
    { type: 'step-done', id: 's3', atMs: 25, layer },
    { type: 'step-started', id: 's4', atMs: 25 },
    {
      type: 'step-missed',
      id: 's4',
      atMs: 26,
      reason: { code: 'parent-changed', message: '[build 3/4] changed before it', changes: [] },
    },
    {
      type: 'step-output',
      id: 's4',
      atMs: 525,
      stream: 'stdout',
      data: Buffer.from('compiling \u001b[31mred\u001b[0m\nhalf a li'),
    },
    { type: 'step-output', id: 's4', atMs: 530, stream: 'stdout', data: Buffer.from('ne\nlast, without newline') },
    { type: 'step-done', id: 's4', atMs: 2125, layer, usage: { cpuMs: 900, maxRssBytes: 1000 }, logFile: '/log' },
    { type: 'step-started', id: 's5', atMs: 2126 },
    {
      type: 'step-hit',
      id: 's5',
      atMs: 2127,
      reason: { code: 'relinked', message: 'relinked', changes: [] },
      savedMs: 10,
      layer,
    },
    { type: 'activity-started', id: 'export', name: 'exporting', atMs: 2130 },
    { type: 'activity-progress', id: 'export', item: 'layer', done: 1, total: 2, atMs: 2131 },
    { type: 'activity-done', id: 'export', atMs: 3200 },
    {
      type: 'build-done',
      atMs: 3200,
      result: 'built',
      image: {
        digest: digestOf('image'),
        configDigest: digestOf('config'),
        platform: 'linux/amd64',
        tags: ['node-app:1.0'],
        outputs: [{ type: 'oci', dest: 'node-app-1.0.tar', size: 68_200_000 }],
        exposedPorts: ['3000/tcp'],
      },
    },
  ];
}
