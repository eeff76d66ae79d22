import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findDockerfile } from '../../../src/session/source.ts';
import { accepts, type Row, refuses, shows } from './row.ts';

/** The name of the file that a directory with these files is built from. */
function foundIn(files: readonly string[], file?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-rules-'));
  try {
    for (const name of files) writeFileSync(join(dir, name), 'FROM scratch\n');
    return basename(findDockerfile(dir, { cwd: dir, file }).path ?? '');
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const ofBytes = (count: number): string => `FROM base\nLABEL l=${'x'.repeat(count - 8)}`;

export const fileRows: readonly Row[] = [
  shows('A1.1', 'accepts', {
    title: 'dockerfile where no Dockerfile is, given or not',
    show: () => [foundIn(['dockerfile']), foundIn(['dockerfile'], 'Dockerfile'), foundIn(['dockerfile', 'Dockerfile'])],
    is: ['dockerfile', 'dockerfile', 'Dockerfile'],
  }),
  shows('A1.1', 'refuses', {
    title: 'no other name, and no small letters for another name that was given',
    show: () => [foundIn(['Containerfile']), foundIn(['app.dockerfile'], 'app.Dockerfile')],
    is: ['Dockerfile cannot be read: no such file', 'app.Dockerfile cannot be read: no such file'],
  }),

  accepts('A1.2', 'a line of 65,535 bytes', ofBytes(65_535), { labels: { l: 'x'.repeat(65_527) } }),
  accepts('A1.2', 'a byte order mark, CRLF and LF', '\ufeffFROM base\r\nLABEL a=1 \\\r\n  b=2\nLABEL c=3\r\n', {
    history: ['e LABEL a=1 b=2', 'e LABEL c=3'],
  }),
  refuses('A1.2', 'one byte more', ofBytes(65_536), {
    errors: ['2:1-2:65537 syntax-error dockerfile line greater than max allowed size of 65535'],
  }),
  refuses('A1.2', 'the mark on another line', 'FROM base\n\ufeffRUN x', {
    errors: ['2:1-2:5 unknown-instruction unknown instruction: \ufeffRUN'],
    hint: 'did you mean RUN?',
  }),

  accepts('A1.3', 'one FROM is enough', 'FROM scratch', { history: [] }),
  refuses('A1.3', 'an empty file', '', {
    errors: ['1:1-1:1 dockerfile-empty the Dockerfile cannot be empty'],
  }),
  refuses('A1.3', 'comments alone', '# one\n# two', {
    errors: ['2:1-2:6 dockerfile-empty file with no instructions'],
  }),
  refuses('A1.3', 'global ARGs alone', 'ARG A=1\n', {
    errors: ['1:1-1:8 dockerfile-empty dockerfile contains no stages to build: no stage begins with FROM'],
  }),
  refuses('A1.3', 'another instruction before FROM', 'ARG A\nLABEL a=b\nFROM base', {
    errors: ['2:1-2:6 stage-invalid no build stage in current context: LABEL stands before the first FROM'],
  }),

  accepts('A1.4', 'blanks before an instruction and a comment', '  FROM base\n \t# c\n\t RUN a\n', {
    argv: [['/bin/sh', '-c', 'a']],
  }),
  refuses('A1.4', 'those of a continuation line stay', 'FROM base\nRUN a \\\n    b', {
    argv: [['/bin/sh', '-c', 'a     b']],
  }),

  accepts('A1.5', 'keywords in any case', 'from base\nLaBeL a=b\nrun x', {
    history: ['e LABEL a=b', 'L RUN /bin/sh -c x # buildkit'],
  }),
  refuses('A1.5', 'two letters off', 'FROM base\nRUNNN x', {
    errors: ['2:1-2:6 unknown-instruction unknown instruction: RUNNN'],
    hint: 'did you mean RUN?',
  }),
  refuses('A1.5', 'three letters off are too far', 'FROM base\nFETCH x', {
    errors: ['2:1-2:6 unknown-instruction unknown instruction: FETCH'],
    hint: 'to go on with the line above, end that one with \\; a command needs RUN; the instructions are ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR',
  }),

  accepts(
    'A1.6',
    'all eighteen',
    [
      'FROM base',
      'ADD a /',
      'ARG A',
      'CMD c',
      'COPY c /',
      'ENTRYPOINT e',
      'ENV E=1',
      'EXPOSE 1',
      'HEALTHCHECK NONE',
      'LABEL l=1',
      'MAINTAINER m',
      'ONBUILD RUN x',
      'RUN r',
      'SHELL ["s"]',
      'STOPSIGNAL 9',
      'USER u',
      'VOLUME /v',
      'WORKDIR /w',
    ],
    {
      errors: [],
      config: { User: 'u', WorkingDir: '/w', StopSignal: '9', Shell: ['s'], OnBuild: ['RUN x'], Volumes: { '/v': {} } },
    },
  ),
  refuses('A1.6', 'CROSS_BUILD', 'FROM base\nCROSS_BUILD x', {
    errors: ['2:1-2:12 unknown-instruction unknown instruction: CROSS_BUILD'],
  }),
];
