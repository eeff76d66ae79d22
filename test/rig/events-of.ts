import { diffIDOf, digestOf } from '../../cache/index.ts';
import {
  type BuildEvent,
  type BuildState,
  type Change,
  collectEvents,
  type MissCode,
  type StepInfo,
} from '../../src/progress/index.ts';

/** A step of a simulated build and what becomes of it. */
export interface Fate {
  readonly name: string;
  readonly ms?: number;
  readonly size?: number;
  /** A miss with this cause; without one, a hit. */
  readonly miss?: { readonly code: MissCode; readonly message: string; readonly changes?: readonly Change[] };
  readonly fails?: string;
  readonly output?: string;
}

/** The events of a build whose steps run one after the other; after one that fails, the rest is not reached. */
export function eventsOf(fates: readonly Fate[]): BuildEvent[] {
  const steps = fates.map(({ name }, index): StepInfo => {
    const kind = name.replace(/^\[[^\]]*\] /, '').split(' ')[0] ?? '';
    return { id: `s${index + 1}`, name, stage: 'build', kind, file: 'Dockerfile', line: index + 1, isStep: true };
  });
  const events: BuildEvent[] = [{ type: 'steps-planned', steps }];
  let atMs = 0;
  for (const [index, fate] of fates.entries()) {
    const id = `s${index + 1}`;
    const started = atMs;
    events.push({ type: 'step-started', id, atMs });
    if (fate.miss !== undefined || fate.fails !== undefined) atMs += fate.ms ?? 10;
    events.push(...endOf(id, fate, { startedMs: started, atMs }));
    if (fate.fails !== undefined) break;
  }
  const failure = fates.find(({ fails }) => fails !== undefined)?.fails;
  const image = {
    digest: digestOf('image'),
    configDigest: digestOf('config'),
    platform: 'linux/amd64',
    tags: ['app:1'],
    outputs: [{ type: 'oci', dest: 'app-1.tar', size: 68_200_000 }],
    exposedPorts: ['3000/tcp'],
  };
  const end =
    failure === undefined
      ? { result: 'built' as const, image }
      : { result: 'failed' as const, error: { code: 'run-failed', message: failure } };
  return [...events, { type: 'build-done', atMs, ...end }];
}

interface Times {
  readonly startedMs: number;
  readonly atMs: number;
}

function endOf(id: string, fate: Fate, { startedMs, atMs }: Times): BuildEvent[] {
  const { ms = 10, miss, fails, output, size } = fate;
  const layer = size === undefined ? {} : { layer: { diffID: diffIDOf(digestOf(fate.name)), size } };
  if (miss === undefined && fails === undefined) {
    const reason = { code: 'same' as const, message: 'same as before', changes: [] };
    return [{ type: 'step-hit', id, atMs, reason, savedMs: ms, ...layer }];
  }
  const missed = { code: 'no-record' as const, message: 'never built', changes: [], ...miss };
  return [
    { type: 'step-missed', id, atMs: startedMs, reason: missed },
    ...(output === undefined
      ? []
      : [{ type: 'step-output' as const, id, atMs, stream: 'stdout' as const, data: Buffer.from(output) }]),
    fails === undefined
      ? { type: 'step-done', id, atMs, ...layer }
      : { type: 'step-failed', id, atMs, message: fails, logFile: '/log' },
  ];
}

export function stateOfEvents(events: readonly BuildEvent[]): BuildState {
  const collected = collectEvents();
  for (const event of events) collected.handle(event);
  return collected.state();
}

/** A chain of so many steps: the first tenth hits, then a file changed and the rest runs. */
export function longBuild(count: number): BuildEvent[] {
  const changed = Math.floor(count / 10);
  return eventsOf(
    Array.from({ length: count }, (_, index): Fate => {
      const place = `[build ${String(index + 1).padStart(String(count).length)}/${count}]`;
      if (index === 0) return { name: `${place} FROM node:20-bookworm-slim` };
      const ran = { ms: 40 * ((index * 7) % 31), size: 1024 * ((index * 13) % 97) };
      if (index < changed) return { name: `${place} RUN step-${index} --prepare`, ...ran };
      const miss =
        index === changed
          ? { code: 'files-changed' as const, message: 'src/app.ts changed (content)', changes: [APP] }
          : { code: 'parent-changed' as const, message: `${longPlace(changed, count)} changed before it` };
      const name =
        index === changed ? `${place} COPY src ./src` : `${place} RUN step-${index} --with some --long words`;
      return { name, miss, output: `building ${index}\n`, ...ran };
    }),
  );
}

const APP: Change = { path: 'src/app.ts', what: 'content' };

function longPlace(index: number, count: number): string {
  return `[build ${String(index + 1).padStart(String(count).length)}/${count}]`;
}
