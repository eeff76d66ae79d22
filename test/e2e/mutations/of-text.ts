import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ARGS,
  CAT,
  cutOff,
  DOCUMENTS,
  ENV,
  FILES,
  files,
  MOUNTS,
  type Mutation,
  NONE,
  parentChanged,
  relinkedAfter,
  USER,
} from './steps.ts';

export const TEXT: readonly Mutation[] = [
  { cause: 'comment', change: ({ edit }) => edit('what every mutation', 'another comment'), misses: NONE },
  {
    cause: 'reformat: blanks, case, a line continued, an empty line',
    change({ edit }) {
      edit('COPY src/ /src/', 'copy   src/ \\\n  /src/\n');
      edit('FROM busybox AS args', 'from  busybox  as args');
    },
    misses: NONE,
  },
  { cause: 'label', change: ({ edit }) => edit('kind=mutations', 'kind=changed'), misses: NONE },
  { cause: 'command', change: ({ edit }) => edit('CMD ["true"]', 'CMD ["false"]\nEXPOSE 80'), misses: NONE },
  { cause: 'label of the command line', change: () => ({ flags: ['--label', 'a=b'] }), misses: NONE },
  {
    cause: 'stage renamed',
    change({ edit }) {
      edit('AS env', 'AS surroundings');
      edit('--from=env', '--from=surroundings');
    },
    misses: NONE,
  },
  {
    cause: 'Dockerfile of another name',
    change({ context }) {
      renameSync(join(context, 'Dockerfile'), join(context, 'Containerfile'));
      return { flags: ['-f', join(context, 'Containerfile')] };
    },
    misses: NONE,
  },
  {
    cause: 'stage that nobody needs',
    change: ({ edit }) => edit('FROM busybox AS final', 'FROM busybox AS unused\nRUN false\nFROM busybox AS final'),
    misses: NONE,
  },
  {
    cause: 'RUN edited',
    change: ({ edit }) => edit('echo version >', 'echo changed >'),
    misses: {
      'RUN echo changed > /version': [
        'instruction-changed',
        [{ name: 'argv', what: 'echo version > /version → echo changed > /version' }],
      ],
      [ARGS]: files(['version', 'content']),
    },
    hits: relinkedAfter(ARGS),
  },
  {
    cause: 'RUN edited, with the same result',
    change: ({ edit }) => edit('echo version >', 'echo   version >'),
    misses: {
      'RUN echo   version > /version': [
        'instruction-changed',
        [{ name: 'argv', what: 'echo version > /version → echo   version > /version' }],
      ],
    },
    hits: cutOff(ARGS),
  },
  {
    cause: 'SHELL',
    change: ({ edit }) => edit('ARG VERSION', 'SHELL ["/bin/sh", "-ec"]\nARG VERSION'),
    misses: { 'RUN echo version': ['instruction-changed', [{ name: 'shell', what: '/bin/sh -c → /bin/sh -ec' }]] },
    hits: cutOff(ARGS),
  },
  {
    cause: 'heredoc of a RUN',
    change: ({ edit }) => edit('echo first', 'echo second'),
    misses: {
      'RUN <<END': [
        'instruction-changed',
        [{ name: 'heredoc', what: 'echo first > /heredoc → echo second > /heredoc' }],
      ],
      [DOCUMENTS]: files(['heredoc', 'content']),
    },
    hits: { 'COPY <<END': 'relinked' },
  },
  {
    cause: 'heredoc of a COPY',
    change: ({ edit }) => edit('text\n', 'other text\n'),
    misses: { 'COPY <<END': files(['END', 'content']), [DOCUMENTS]: files(['inline', 'content']) },
  },
  {
    cause: 'destination of a COPY',
    change: ({ edit }) => edit('COPY --from=files /out ./', 'COPY --from=files /out ./moved'),
    misses: {
      'COPY --from=files /out ./moved': ['instruction-changed', [{ name: 'dest', what: '/app/ → /app/moved' }]],
    },
    hits: relinkedAfter(FILES),
  },
  {
    cause: '--chmod of a COPY',
    change: ({ edit }) => edit('COPY src/ /src/', 'COPY --chmod=700 src/ /src/'),
    misses: {
      'COPY --chmod=700': ['instruction-changed', [{ name: 'chmod', what: 'none → 700' }]],
      [CAT]: parentChanged,
    },
    hits: cutOff(FILES),
  },
  {
    cause: '--exclude of a COPY',
    change: ({ edit }) => edit('COPY src/ /src/', 'COPY --exclude=*.sh src/ /src/'),
    misses: {
      'COPY --exclude': ['instruction-changed', [{ name: 'excludes', what: 'none → *.sh' }]],
      [CAT]: parentChanged,
    },
    hits: cutOff(FILES),
  },
  {
    cause: 'tmpfs over a directory',
    change: ({ edit }) => edit('RUN echo version', 'RUN --mount=type=tmpfs,target=/t echo version'),
    misses: {
      'RUN --mount=type=tmpfs': ['instruction-changed', [{ name: 'mounts', what: 'none → type=tmpfs,target=/t' }]],
    },
    hits: cutOff(ARGS),
  },
  {
    cause: 'mode of a secret',
    change: ({ edit }) => edit('type=secret,id=token', 'type=secret,id=token,mode=0444'),
    misses: {
      'RUN --mount=type=secret': [
        'instruction-changed',
        [
          {
            name: 'mounts',
            what: 'type=secret,id=token,target=/run/secrets/token → type=secret,id=token,target=/run/secrets/token,mode=0444',
          },
        ],
      ],
    },
    hits: { 'RUN --mount=type=cache': 'early-cut-off' },
  },
  {
    cause: '--link of a COPY',
    change: ({ edit }) => edit('COPY --from=files', 'COPY --link --from=files'),
    misses: { 'COPY --link': ['instruction-changed', [{ name: 'link', what: 'false → true' }]] },
    hits: { [ARGS]: 'early-cut-off' },
  },
  {
    cause: 'WORKDIR',
    change: ({ edit }) => edit('WORKDIR /app', 'WORKDIR /srv'),
    misses: {
      'WORKDIR /srv': ['instruction-changed', [{ name: 'path', what: '/app → /srv' }]],
      [FILES]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
      [ARGS]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
      [ENV]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
      [MOUNTS]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
      [USER]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
      [DOCUMENTS]: ['instruction-changed', [{ name: 'dest', what: '/app/ → /srv/' }]],
    },
  },
  {
    cause: 'WORKDIR of a RUN, with the same result',
    change: ({ edit }) => edit('RUN echo "mode', 'WORKDIR /tmp\nRUN echo "mode'),
    misses: {
      'WORKDIR /tmp': ['no-record'],
      'RUN echo "mode': ['instruction-changed', [{ name: 'workdir', what: '/ → /tmp' }]],
    },
    hits: cutOff(ENV),
  },
  {
    cause: 'USER',
    change: ({ edit }) => edit('USER app', 'USER app:0'),
    misses: {
      'RUN echo mine': ['instruction-changed', [{ name: 'user', what: 'app → app:0' }]],
      [USER]: files(['tmp/mine', 'owner 100:101→100:0']),
    },
    hits: relinkedAfter(USER),
  },
  {
    cause: 'a passwd that gives --chown another number',
    change: ({ edit }) => edit(':-100}', ':-300}'),
    misses: {
      'RUN echo "app:x': [
        'instruction-changed',
        [
          {
            name: 'argv',
            what: 'echo "app:x:${UID:-100}:101::/:/bin/sh" >> /etc/passwd → echo "app:x:${UID:-300}:101::/:/bin/sh" >> /etc/passwd',
          },
        ],
      ],
      'COPY --chown=app': parentChanged,
      'RUN echo mine': parentChanged,
      [USER]: files(['b.txt', 'owner 100:101→300:101'], ['tmp/mine', 'owner 100:101→300:101']),
    },
    hits: relinkedAfter(USER),
  },
  {
    cause: 'a passwd that changes nothing for --chown',
    change: ({ edit }) => edit('RUN echo "app:x', 'RUN echo "root2:x:7:7::/:/bin/sh" >> /etc/passwd; echo "app:x'),
    misses: {
      'RUN echo "root2:x': [
        'instruction-changed',
        [
          {
            name: 'argv',
            what: 'echo "app:x:${UID:-100}:101::/:/bin/sh" >> /etc/passwd → echo "root2:x:7:7::/:/bin/sh" >> /etc/passwd; echo "app:x:${UID:-100}:101::/:/bin/sh" >> /etc/passwd',
          },
        ],
      ],
      'RUN echo mine': parentChanged,
    },
    hits: { 'COPY --chown=app': 'relinked', ...cutOff(USER) },
  },
  {
    cause: 'target of a bind mount',
    change({ edit }) {
      edit('target=/conf', 'target=/config');
      edit('cat /conf/', 'cat /config/');
    },
    misses: {
      'RUN --mount=type=bind': [
        'instruction-changed',
        [
          { name: 'argv', what: 'cat /conf/one.conf > /bound → cat /config/one.conf > /bound' },
          { name: 'mounts', what: 'type=bind,target=/conf,readonly → type=bind,target=/config,readonly' },
        ],
      ],
    },
    hits: { 'RUN --mount=type=secret': 'early-cut-off' },
  },
  {
    cause: 'target of a cache mount',
    change: ({ edit }) => edit('target=/cache', 'target=/kept'),
    misses: {
      'RUN --mount=type=cache': [
        'instruction-changed',
        [{ name: 'mounts', what: 'type=cache,target=/cache → type=cache,target=/kept' }],
      ],
    },
    hits: cutOff(MOUNTS),
  },
  { cause: 'id of a cache mount', change: ({ edit }) => edit('id=first', 'id=second'), misses: NONE },
  {
    cause: 'id of a secret',
    change: ({ edit, dir }) => {
      edit('id=token', 'id=key,target=/run/secrets/token');
      return { flags: ['--secret', `id=key,src=${join(dir, 'token')}`] };
    },
    misses: {
      'RUN --mount=type=secret': [
        'instruction-changed',
        [
          {
            name: 'mounts',
            what: 'type=secret,id=token,target=/run/secrets/token → type=secret,id=key,target=/run/secrets/token',
          },
        ],
      ],
    },
    hits: { 'RUN --mount=type=cache': 'early-cut-off' },
  },
  {
    cause: 'value of a secret',
    change: ({ dir }) => writeFileSync(join(dir, 'token'), 'two'),
    misses: NONE,
  },
];
