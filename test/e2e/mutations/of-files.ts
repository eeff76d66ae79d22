import { chmodSync, cpSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import {
  CAT,
  FILES,
  files,
  MOUNTS,
  type Mutation,
  NONE,
  parentChanged,
  relinkedAfter,
  SRC,
  unnoticed,
} from './steps.ts';

export const CONTENT: readonly Mutation[] = [
  { cause: 'nothing', change: () => undefined, misses: NONE },
  {
    cause: 'content of a file that a result depends on',
    change: ({ write }) => write('src/a.txt', 'altered\n'),
    misses: { [SRC]: files(['src/a.txt', 'content']), [CAT]: parentChanged, [FILES]: files(['out', 'content']) },
    hits: relinkedAfter(FILES),
  },
  {
    cause: 'content of a file that no result depends on',
    change: ({ write }) => write('src/run.sh', 'echo other\n'),
    ...unnoticed(files(['src/run.sh', 'content'])),
  },
  {
    cause: 'content of the same size and time',
    change({ write, context }) {
      write('src/run.sh', 'echo RUN\n');
      utimesSync(join(context, 'src/run.sh'), 1_600_000_000, 1_600_000_000);
    },
    ...unnoticed(files(['src/run.sh', 'content'])),
  },
  {
    cause: 'mode',
    change: ({ context }) => chmodSync(join(context, 'src/run.sh'), 0o755),
    ...unnoticed(files(['src/run.sh', 'mode 0644→0755'])),
  },
  {
    cause: 'mode of a directory',
    change: ({ context }) => chmodSync(join(context, 'src/deep'), 0o700),
    ...unnoticed(files(['src/deep', 'mode 0755→0700'])),
  },
  {
    cause: 'file renamed',
    change: ({ context }) => renameSync(join(context, 'src/run.sh'), join(context, 'src/go.sh')),
    ...unnoticed(files(['src/go.sh', 'renamed from src/run.sh'])),
  },
  {
    cause: 'file added',
    change: ({ write }) => write('src/new.txt', 'new\n'),
    ...unnoticed(files(['src/new.txt', 'added'])),
  },
  {
    cause: 'empty directory added',
    change: ({ context }) => mkdirSync(join(context, 'src/empty')),
    ...unnoticed(files(['src/empty', 'added'])),
  },
  {
    cause: 'file removed',
    change: ({ context }) => rmSync(join(context, 'src/run.sh')),
    ...unnoticed(files(['src/run.sh', 'removed'])),
  },
  {
    cause: 'file replaced by a symlink',
    change({ context }) {
      rmSync(join(context, 'src/run.sh'));
      symlinkSync('a.txt', join(context, 'src/run.sh'));
    },
    ...unnoticed(files(['src/run.sh', 'file → symlink'])),
  },
  {
    cause: 'two files become one with two names',
    change({ context, write }) {
      write('src/run.sh', 'beta\n');
      rmSync(join(context, 'src/run.sh'));
      linkSync(join(context, 'src/b.txt'), join(context, 'src/run.sh'));
    },
    ...unnoticed(files(['src/run.sh', 'content'])),
  },
  {
    cause: 'where a symlink leads',
    async change({ context, build }) {
      symlinkSync('a.txt', join(context, 'src/link'));
      await build([]);
      rmSync(join(context, 'src/link'));
      symlinkSync('b.txt', join(context, 'src/link'));
    },
    ...unnoticed(files(['src/link', 'content'])),
  },
  { cause: 'file outside of every COPY', change: ({ write }) => write('other.txt', 'changed\n'), misses: NONE },
  { cause: 'ignored file', change: ({ write }) => write('src/debug.log', 'more noise\n'), misses: NONE },
  {
    cause: 'touch',
    change({ context }) {
      for (const name of ['src', 'src/a.txt', 'src/deep', 'conf/one.conf', 'Dockerfile'])
        utimesSync(join(context, name), new Date(), new Date());
    },
    misses: NONE,
  },
  {
    cause: 'clone: another directory, other times and inodes',
    change({ context, dir }) {
      const clone = join(dir, 'clone');
      rmSync(clone, { recursive: true, force: true });
      cpSync(context, clone, { recursive: true });
      return { context: clone };
    },
    misses: NONE,
  },
  {
    cause: 'ignore rule with an effect',
    change: ({ append }) => append('.dockerignore', 'src/run.sh\n'),
    ...unnoticed(files(['src/run.sh', 'removed'])),
  },
  { cause: 'ignore rule without an effect', change: ({ append }) => append('.dockerignore', '*.tmp\n'), misses: NONE },
  {
    cause: 'ignored file let in',
    change: ({ write }) => write('.dockerignore', '\n'),
    ...unnoticed(files(['src/debug.log', 'added'])),
  },
  {
    cause: 'content behind a bind mount',
    change: ({ write }) => write('conf/one.conf', 'changed\n'),
    misses: {
      'RUN --mount=type=bind': files(['conf/one.conf', 'content']),
      'RUN --mount=type=secret': parentChanged,
      'RUN --mount=type=cache': parentChanged,
      [MOUNTS]: files(['bound', 'content']),
    },
    hits: relinkedAfter(MOUNTS),
  },
  {
    cause: 'content behind a bind mount that the command does not read',
    change: ({ write }) => write('conf/two.conf', 'changed\n'),
    misses: { 'RUN --mount=type=bind': files(['conf/two.conf', 'content']) },
    hits: { 'RUN --mount=type=secret': 'early-cut-off' },
  },
];
