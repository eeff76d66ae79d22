import type { Report, ReportStep } from './report-type.ts';

/** What the hint is about: files that hardly any image needs, and that change by themselves. */
interface Junk {
  readonly matches: RegExp;
  /** As `.dockerignore` has it. */
  readonly pattern: string;
  /** A step that has this word may need them. */
  readonly word: string;
}

const JUNK: readonly Junk[] = [
  ...['log', 'tmp', 'swp', 'swo', 'pid', 'orig', 'pyc'].map((ending) => ({
    matches: new RegExp(`(^|/)[^/]*\\.${ending}$`),
    pattern: `*.${ending}`,
    word: `.${ending}`,
  })),
  { matches: /~$/, pattern: '*~', word: '~' },
  ...['.DS_Store', 'Thumbs.db', 'Dockerfile', '.dockerignore'].map((name) => junkNamed(name, '$')),
  ...['.git', '.idea', '.vscode', 'coverage', '.nyc_output', '__pycache__', '.pytest_cache', '.mypy_cache'].map(
    (name) => junkNamed(name, '(/|$)'),
  ),
];

function junkNamed(name: string, end: string): Junk {
  return {
    matches: new RegExp(`(^|/)${name.replaceAll('.', '\\.')}${end}`),
    pattern: name,
    word: name.replace(/^\./, ''),
  };
}

/** So many misses are looked at, and so many of them must have the same cause. */
const WINDOW = 5;
const LEAST = 3;

/**
 * `add *.log to .dockerignore: it caused 3 of your last 5 misses`, where that is so and nothing speaks against it. A miss was
 * caused by files when nothing but these changed for a COPY or ADD from the build context; misses that follow from others, and
 * those that were asked for, do not count. The latest build must have had such a miss, and no step of it may name the files.
 *
 * @param builds of one Dockerfile and context, newest first
 */
export function ignoreHint(builds: Iterable<Pick<Report, 'steps'>>, ignoreFile: string): string | undefined {
  const recent: { readonly step: ReportStep; readonly isLatest: boolean }[] = [];
  let suspects: readonly Junk[] | undefined;
  for (const { steps } of builds) {
    const isLatest = suspects === undefined;
    suspects ??= JUNK.filter((junk) => isSuspect(junk, steps));
    if (suspects.length === 0) return undefined;
    recent.push(...steps.filter(isMissOfItsOwn).map((step) => ({ step, isLatest })));
    if (recent.length >= WINDOW) break;
  }
  const misses = recent.slice(0, WINDOW);
  const counted = (suspects ?? []).map((junk) => ({
    junk,
    caused: misses.filter(({ step }) => isCausedBy(junk, step)),
  }));
  const [best] = counted
    .filter(
      ({ caused }) => caused.length >= LEAST && caused.some(({ step, isLatest }) => isLatest && isStillThere(step)),
    )
    .sort((a, b) => b.caused.length - a.caused.length);
  if (best === undefined) return undefined;
  const { junk, caused } = best;
  const isDeep = caused.some(({ step }) => pathsOf(step).some((path) => !isAtTop(path, junk)));
  const pattern = `${isDeep ? '**/' : ''}${junk.pattern}`;
  return `add ${pattern} to ${ignoreFile}: it caused ${caused.length} of your last ${misses.length} misses`;
}

/** Whether it caused a miss of the latest build, and no step of that names it. */
function isSuspect(junk: Junk, latest: readonly ReportStep[]): boolean {
  return (
    latest.some((step) => isCausedBy(junk, step) && isStillThere(step)) &&
    !latest.some(({ name }) => name.includes(junk.word))
  );
}

function isCausedBy({ matches }: Junk, step: ReportStep): boolean {
  return isCaused(step) && pathsOf(step).every((path) => matches.test(path));
}

function isMissOfItsOwn({ status, reason }: ReportStep): boolean {
  return status === 'miss' && reason !== undefined && reason.code !== 'parent-changed' && reason.code !== 'no-cache';
}

/** By files of the build context. */
function isCaused({ status, kind, name, reason }: ReportStep): boolean {
  return (
    status === 'miss' &&
    (kind === 'COPY' || kind === 'ADD') &&
    reason?.code === 'files-changed' &&
    reason.changes.length > 0 &&
    !/ --from=|:\/\/|<</.test(name)
  );
}

/** A file that went may have gone because it is ignored now. */
function isStillThere({ reason }: ReportStep): boolean {
  return reason?.changes.some(({ what }) => what !== 'removed') === true;
}

function pathsOf({ reason }: ReportStep): string[] {
  return (reason?.changes ?? []).flatMap(({ path = '', what }) => {
    const from = /^renamed from (.*)$/s.exec(what)?.[1];
    return from === undefined ? [path] : [path, from];
  });
}

/** Whether the pattern alone, which counts from the top, takes the path in. */
function isAtTop(path: string, { pattern }: Junk): boolean {
  return pattern.startsWith('*') ? !path.includes('/') : path === pattern || path.startsWith(`${pattern}/`);
}
