import { describe, expect, test } from 'vitest';
import { type Change, ignoreHint, type MissCode, type Report, renderReport } from '../../src/progress/index.ts';
import { eventsOf, type Fate, stateOfEvents } from '../rig/events-of.ts';

const COPY = '[2/3] COPY . .';

function content(...paths: readonly string[]): Change[] {
  return paths.map((path) => ({ path, what: 'content' }));
}

function miss(changes: readonly Change[], name = COPY, code: MissCode = 'files-changed'): Fate {
  return { name, miss: { code, message: code, changes } };
}

/** A build whose steps had these fates, and then a RUN that follows from them. */
function build(...fates: readonly Fate[]): Report {
  const after: Fate = { name: '[3/3] RUN make', miss: { code: 'parent-changed', message: 'changed before it' } };
  return renderReport(stateOfEvents(eventsOf([...fates, after])));
}

function hint(...builds: readonly Report[]): string | undefined {
  return ignoreHint(builds, '.dockerignore');
}

const LOG = build(miss(content('debug.log')));
const SOURCE = build(miss(content('src/app.ts')));
const BOTH = build(miss(content('debug.log', 'src/app.ts')));
const HIT = build({ name: COPY });

describe('a hint is given', () => {
  test('where files of one kind alone caused three of the last five misses', () => {
    expect(hint(LOG, SOURCE, LOG, SOURCE, LOG)).toBe('add *.log to .dockerignore: it caused 3 of your last 5 misses');
    expect(hint(LOG, LOG, LOG, LOG, LOG, LOG)).toBe('add *.log to .dockerignore: it caused 5 of your last 5 misses');
  });

  test('with as many misses as there were', () => {
    expect(hint(LOG, LOG, LOG)).toBe('add *.log to .dockerignore: it caused 3 of your last 3 misses');
  });

  test('past builds of hits alone, and misses that were asked for', () => {
    const asked = build(miss([], COPY, 'no-cache'));
    expect(hint(LOG, HIT, asked, LOG, HIT, LOG)).toContain('it caused 3 of your last 3 misses');
  });

  test('with the ignore file that counts', () => {
    expect(ignoreHint([LOG, LOG, LOG], 'web.Dockerfile.dockerignore')).toContain('to web.Dockerfile.dockerignore:');
  });

  test.each([
    [['logs/a.log', 'b.log'], '**/*.log'],
    [['.git/index', '.git/HEAD'], '.git'],
    [['packages/a/coverage/x.html'], '**/coverage'],
    [['Dockerfile'], 'Dockerfile'],
    [['.src.ts.swp'], '*.swp'],
    [['.DS_Store', 'src/.DS_Store'], '**/.DS_Store'],
  ])('for %j: %s', (paths, pattern) => {
    const one = build(miss(content(...paths)));
    expect(hint(one, one, one)).toBe(`add ${pattern} to .dockerignore: it caused 3 of your last 3 misses`);
  });

  test('for files that come, go and are renamed', () => {
    const came = build(miss([{ path: 'b.log', what: 'added' }]));
    const went = build(miss([{ path: 'a.log', what: 'removed' }]));
    const renamed = build(miss([{ path: 'b.log', what: 'renamed from a.log' }]));
    expect(hint(came, went, renamed)).toContain('add *.log');
  });

  test('of several kinds, for the one that caused most', () => {
    const swap = build(miss(content('a.swp')), miss(content('debug.log'), '[3/4] COPY more more'));
    expect(hint(swap, LOG, LOG, LOG)).toBe('add *.log to .dockerignore: it caused 4 of your last 5 misses');
  });
});

describe('no hint is given', () => {
  test.each<[string, readonly Report[]]>([
    ['without a history', [LOG]],
    ['for two misses', [LOG, LOG]],
    ['for two of five', [LOG, SOURCE, SOURCE, LOG, SOURCE, LOG]],
    ['where something else changed with it', [LOG, BOTH, BOTH, BOTH]],
    ['for sources', [SOURCE, SOURCE, SOURCE]],
    ['in a build that hit', [HIT, LOG, LOG, LOG]],
    ['in a build that missed for another reason', [SOURCE, LOG, LOG, LOG]],
    ['once the files are ignored', [build(miss([{ path: 'debug.log', what: 'removed' }])), LOG, LOG, LOG]],
    [
      'where an instruction was edited',
      [LOG, ...Array.from({ length: 4 }, () => build(miss([], COPY, 'instruction-changed')))],
    ],
    ['for a first build', [build(miss([], COPY, 'no-record')), LOG, LOG]],
    [
      'where a file was renamed to a log',
      Array.from({ length: 3 }, () => build(miss([{ path: 'a.log', what: 'renamed from a.ts' }]))),
    ],
    ['where nothing can be named', Array.from({ length: 3 }, () => build(miss([])))],
    [
      'for files of another stage',
      Array.from({ length: 3 }, () => build(miss(content('a.log'), '[2/3] COPY --from=build /out /out'))),
    ],
    ['for files behind a bind mount', Array.from({ length: 3 }, () => build(miss(content('a.log'), '[2/3] RUN make')))],
    [
      'where a step names the files',
      Array.from({ length: 3 }, () => build(miss(content('a.log')), { name: '[3/4] COPY a.log /' })),
    ],
    [
      'where a step may read them',
      Array.from({ length: 3 }, () => build(miss(content('.git/HEAD')), { name: '[3/4] RUN git describe' })),
    ],
  ])('%s', (_, builds) => {
    expect(hint(...builds)).toBeUndefined();
  });

  test.each([
    ['in a build of hits', HIT],
    ['when others caused its misses', SOURCE],
    ['when others had a part in them', BOTH],
  ])('and no further build is read, %s', (_, latest) => {
    function* builds(): Generator<Report> {
      yield latest;
      throw new Error('read');
    }
    expect(ignoreHint(builds(), '.dockerignore')).toBeUndefined();
  });
});
