import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import {
  ARGS,
  CAT,
  DOCUMENTS,
  ENV,
  FILES,
  LAYOUT,
  MOUNTS,
  MOVED,
  type Mutation,
  NONE,
  parentChanged,
  SRC,
  USER,
} from './steps.ts';
import { editRecord, layerOf, recordsWith } from './world.ts';

const DATA = 'ARG SOURCE_DATE_EPOCH=1\nFROM scratch\nWORKDIR /data\n';
const CROSS = 'FROM --platform=$BUILDPLATFORM busybox AS cross\n';
const DOCUMENT_BASE = 'FROM busybox AS documents';

export const STORE: readonly Mutation[] = [
  {
    cause: 'a base that was built here again, with the same files',
    async change({ image, edit, build }) {
      await image('base', 'FROM busybox\nLABEL a=1\n');
      edit(DOCUMENT_BASE, 'FROM base AS documents');
      await build([]);
      await image('base', 'FROM busybox\nLABEL a=2\n');
    },
    misses: NONE,
  },
  {
    cause: 'a base that was built here again, with other files',
    async change({ image, edit, build }) {
      await image('base', 'FROM busybox\nRUN echo 1 > /base\n');
      edit(DOCUMENT_BASE, 'FROM base AS documents');
      await build([]);
      await image('base', 'FROM busybox\nRUN echo 2 > /base\n');
    },
    misses: {
      'RUN <<END': ['base-changed', [{ name: 'base:latest', what: MOVED }]],
    },
    hits: { 'COPY <<END': 'relinked' },
  },
  {
    cause: 'a pulled base that moved, with other files',
    async change({ edit, build, layout }) {
      edit(DOCUMENT_BASE, 'FROM base AS documents');
      await build(await layout('FROM busybox\nRUN echo 1 > /base\n'));
      return { flags: await layout('FROM busybox\nRUN echo 2 > /base\n') };
    },
    misses: { 'FROM base': ['base-changed', [{ name: LAYOUT, what: MOVED }]], 'RUN <<END': parentChanged },
    hits: { 'COPY <<END': 'relinked' },
  },
  {
    cause: 'a pulled base that moved, with the same files',
    async change({ edit, build, layout }) {
      edit(DOCUMENT_BASE, 'FROM base AS documents');
      await build(await layout('FROM busybox\nLABEL a=1\n'));
      return { flags: await layout('FROM busybox\nLABEL a=2\n') };
    },
    misses: { 'FROM base': ['base-changed', [{ name: LAYOUT, what: MOVED }]] },
  },
  {
    cause: 'platform, with the same files',
    async change({ append, build, layout }) {
      append('Dockerfile', 'FROM base AS data\nCOPY src/b.txt /\n');
      const of = async (platform: string) => {
        const flags = ['--platform', `linux/${platform}`];
        return [...flags, '--target', 'data', ...(await layout(DATA, ...flags))];
      };
      await build(await of('amd64'));
      return { flags: await of('arm64') };
    },
    misses: { 'FROM base': ['platform-changed', [{ name: 'platform', what: 'linux/amd64 → linux/arm64' }]] },
  },
  {
    cause: 'platform of a command, with the same files',
    async change({ append, build, layout }) {
      append('Dockerfile', 'FROM base AS data\nRUN echo 1 > /one\n');
      const of = async (platform: string) => {
        const flags = ['--platform', platform];
        return [...flags, '--target', 'data', ...(await layout('FROM busybox\n', ...flags))];
      };
      await build(await of('linux/amd64'));
      return { flags: await of('linux/amd64/v2') };
    },
    misses: {
      'FROM base': ['platform-changed', [{ name: 'platform', what: 'linux/amd64 → linux/amd64/v2' }]],
      'RUN echo 1': ['platform-changed', [{ name: 'platform', what: 'linux/amd64 → linux/amd64/v2' }]],
    },
  },
  {
    cause: 'platform that a command asks for',
    async change({ append, build }) {
      append('Dockerfile', `${CROSS}ARG TARGETARCH\nRUN echo $TARGETARCH > /arch\n`);
      await build(['--target', 'cross', '--platform', 'linux/amd64']);
      return { flags: ['--target', 'cross', '--platform', 'linux/arm64'] };
    },
    misses: { 'RUN echo arm64': ['build-arg-changed', [{ name: 'TARGETARCH', what: 'amd64 → arm64' }]] },
  },
  {
    cause: 'platform of the target that a command does not ask for',
    async change({ append, build }) {
      append('Dockerfile', `${CROSS}RUN echo all > /arch\n`);
      await build(['--target', 'cross', '--platform', 'linux/amd64']);
      return { flags: ['--target', 'cross', '--platform', 'linux/arm64'] };
    },
    misses: NONE,
  },
  {
    cause: 'another base',
    async change({ image, edit }) {
      await image('other', 'FROM busybox\nRUN echo 2 > /base\n');
      edit(DOCUMENT_BASE, 'FROM other AS documents');
    },
    misses: { 'RUN <<END': ['base-changed', [{ name: 'FROM', what: 'busybox:latest → other:latest' }]] },
    hits: { 'COPY <<END': 'relinked' },
  },
  {
    cause: 'trigger of an ONBUILD base',
    async change({ image, edit, build }) {
      await image('base', 'FROM busybox\nONBUILD RUN echo 1 > /trigger\n');
      edit(DOCUMENT_BASE, 'FROM base AS documents');
      await build([]);
      await image('base', 'FROM busybox\nONBUILD RUN echo 2 > /trigger\n');
    },
    misses: {
      'ONBUILD RUN': ['instruction-changed', [{ name: 'argv', what: 'echo 1 > /trigger → echo 2 > /trigger' }]],
      'RUN <<END': parentChanged,
    },
    hits: { 'COPY <<END': 'relinked' },
  },
  {
    cause: 'SOURCE_DATE_EPOCH',
    async change({ build }) {
      await build(['--build-arg', 'SOURCE_DATE_EPOCH=1600000000']);
      return { flags: ['--build-arg', 'SOURCE_DATE_EPOCH=1700000000'] };
    },
    misses: Object.fromEntries(
      [SRC, 'COPY --chown=app', 'COPY <<END', 'WORKDIR', FILES, ARGS, ENV, MOUNTS, USER, DOCUMENTS].map((step) => [
        step,
        ['build-arg-changed', [{ name: 'SOURCE_DATE_EPOCH', what: '1600000000 → 1700000000' }]],
      ]),
    ),
    hits: { [CAT]: 'early-cut-off', 'RUN echo mine': 'early-cut-off' },
  },
  {
    cause: 'a damaged record',
    change({ root }) {
      for (const file of recordsWith(root, 'echo version')) truncateSync(file, 100);
    },
    misses: { 'RUN echo version': ['corrupt'] },
  },
  {
    cause: 'a record that was removed',
    change({ root }) {
      for (const file of recordsWith(root, 'echo version')) rmSync(file);
    },
    misses: { 'RUN echo version': ['pruned'] },
  },
  {
    cause: 'a layer whose bytes are gone',
    change: ({ root }) => rmSync(layerOf(root, 'WORKDIR'), { recursive: true }),
    misses: { 'WORKDIR /app': ['corrupt'] },
  },
  {
    cause: 'a layer that was cut short',
    change: ({ root }) => truncateSync(join(layerOf(root, 'WORKDIR'), 'tar'), 512),
    misses: { 'WORKDIR /app': ['corrupt'] },
  },
  {
    cause: 'a lost layer that nothing needs',
    change: ({ root }) => rmSync(layerOf(root, 'echo version'), { recursive: true }),
    misses: NONE,
  },
  {
    cause: 'a layer that is gone, here and where it came from',
    change({ root }) {
      for (const file of recordsWith(root, 'WORKDIR')) {
        const digest = `sha256:${'0'.repeat(64)}`;
        const blob = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 1 };
        const origins = [{ repository: 'oci-layout:///nowhere', digest }];
        editRecord(file, (text) =>
          text.replace('"origins":[]', `"blob":${JSON.stringify(blob)},"origins":${JSON.stringify(origins)}`),
        );
      }
      rmSync(layerOf(root, 'WORKDIR'), { recursive: true });
    },
    misses: { 'WORKDIR /app': ['remote-missing'] },
  },
  {
    cause: 'stat index lost',
    change({ root }) {
      rmSync(join(root, 'stat'), { recursive: true });
    },
    misses: NONE,
  },
  {
    cause: 'remembered digests lost',
    change({ root }) {
      rmSync(join(root, 'records/v1/memo'), { recursive: true });
    },
    misses: NONE,
  },
];
