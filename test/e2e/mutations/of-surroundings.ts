import {
  ARGS,
  cutOff,
  DOCUMENTS,
  ENV,
  files,
  MOUNTS,
  type Mutation,
  NONE,
  parentChanged,
  relinkedAfter,
  USER,
} from './steps.ts';

const ONLY_ARGS = ['--target', 'args'];

export const SURROUNDINGS: readonly Mutation[] = [
  {
    cause: 'build arg that is used',
    change: () => ({ flags: ['--build-arg', 'VERSION=1.3'] }),
    misses: { 'RUN echo version': ['build-arg-changed', [{ name: 'VERSION', what: '1.2 → 1.3' }]] },
    hits: cutOff(ARGS),
  },
  {
    cause: 'default of an ARG',
    change: ({ edit }) => edit('ARG VERSION=1.2', 'ARG VERSION=1.4'),
    misses: { 'RUN echo version': ['build-arg-changed', [{ name: 'VERSION', what: '1.2 → 1.4' }]] },
    hits: cutOff(ARGS),
  },
  {
    cause: 'build arg that is given as its default',
    change: () => ({ flags: ['--build-arg', 'VERSION=1.2'] }),
    misses: NONE,
  },
  { cause: 'build arg that nobody declares', change: () => ({ flags: ['--build-arg', 'OTHER=1'] }), misses: NONE },
  { cause: 'ARG that no later step sees', change: ({ append }) => append('Dockerfile', 'ARG LATE=1\n'), misses: NONE },
  {
    cause: 'ENV',
    change: ({ edit }) => edit('MODE=prod', 'MODE=test'),
    misses: {
      'RUN echo "mode': ['env-changed', [{ name: 'MODE', what: 'prod → test' }]],
      [ENV]: files(['mode', 'content']),
    },
    hits: relinkedAfter(ENV),
  },
  {
    cause: 'ENV that a command does not use',
    change: ({ edit }) => edit('MODE=prod', 'MODE=prod MORE=1'),
    misses: { 'RUN echo "mode': ['env-changed', [{ name: 'MORE', what: 'unset → 1' }]] },
    hits: cutOff(ENV),
  },
  { cause: 'ENV after the last RUN', change: ({ edit }) => edit('LABEL', 'ENV LATE=1\nLABEL'), misses: NONE },
  {
    cause: 'proxy',
    change: () => ({ flags: ['--build-arg', 'HTTP_PROXY=http://127.0.0.1:9'], env: { HTTPS_PROXY: 'http://x:1' } }),
    misses: NONE,
  },
  { cause: 'locale and time zone', change: () => ({ env: { LC_ALL: 'C', TZ: 'Asia/Tokyo' } }), misses: NONE },
  { cause: 'umask', change: () => ({ as: ['/bin/sh', '-c', 'umask 077; exec "$@"', 'sh'] }), misses: NONE },
  {
    cause: 'another network of all RUNs',
    change: () => ({ flags: [...ONLY_ARGS, '--network', 'none'] }),
    misses: { 'RUN echo version': ['instruction-changed', [{ name: 'network', what: 'default → none' }]] },
  },
  {
    cause: 'ulimit',
    change: () => ({ flags: [...ONLY_ARGS, '--ulimit', 'nofile=1000:2000'] }),
    misses: { 'RUN echo version': ['instruction-changed', [{ name: 'ulimits', what: 'none → nofile=1000:2000' }]] },
  },
  {
    cause: 'size of /dev/shm',
    change: () => ({ flags: [...ONLY_ARGS, '--shm-size', '1m'] }),
    misses: { 'RUN echo version': ['instruction-changed', [{ name: 'shmSize', what: 'none → 1048576' }]] },
  },
  {
    cause: 'name of an extra host',
    change: () => ({ flags: [...ONLY_ARGS, '--add-host', 'db:10.0.0.1'] }),
    misses: { 'RUN echo version': ['instruction-changed', [{ name: 'hosts', what: 'none → db' }]] },
  },
  {
    cause: 'network of one RUN',
    change: ({ edit }) => edit('RUN echo version', 'RUN --network=none echo version'),
    misses: {
      'RUN --network=none': ['instruction-changed', [{ name: 'network', what: 'default → none' }]],
    },
    hits: cutOff(ARGS),
  },
  {
    cause: 'extra host: another address of the same name',
    async change({ build }) {
      await build(['--add-host', 'db:10.0.0.1']);
      return { flags: ['--add-host', 'db:10.0.0.2'] };
    },
    misses: NONE,
  },
  {
    cause: 'target',
    change: () => ({ flags: ['--target', 'env'] }),
    misses: NONE,
  },
  {
    cause: '--no-cache-filter',
    change: () => ({ flags: ['--no-cache-filter', 'env'] }),
    misses: { 'RUN echo "mode': ['no-cache'] },
  },
  {
    cause: '--no-cache',
    change: () => ({ flags: ['--no-cache', '--target', 'user'] }),
    misses: {
      'RUN echo "app:x': ['no-cache'],
      'COPY --chown=app': ['no-cache'],
      'RUN echo mine': ['no-cache'],
    },
  },
  {
    cause: 'step inserted',
    change: ({ edit }) => edit('RUN echo version', 'RUN echo before > /before\nRUN echo version'),
    misses: { 'RUN echo before': ['no-record'], 'RUN echo version': parentChanged },
    hits: cutOff(ARGS),
  },
  {
    cause: 'step removed',
    change: ({ edit }) => edit('COPY --from=args /version ./\n', ''),
    misses: NONE,
    hits: Object.fromEntries([ENV, MOUNTS, USER, DOCUMENTS].map((one) => [one, 'relinked'])),
  },
];
