import { expect, inject, test } from 'vitest';
import { CliRig, until } from '../rig/cli.ts';
import { mountsBelow, processesWith } from '../rig/traces.ts';

/** A RUN that says when it has started and then waits; `marker` is found in its command line. */
function waitingBuild(rig: CliRig, marker: string) {
  rig.write({
    Dockerfile: `
      FROM busybox
      RUN echo before > /before
      RUN echo run-has-started && sleep ${marker}
    `,
  });
  return rig.start(['--progress', 'plain', '-t', 'interrupted', rig.context]);
}

test('kill -9 during a RUN leaves no mount and no process, and the next build succeeds', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const marker = `86${String(process.pid)}`;
  const build = waitingBuild(rig, marker);
  await until('the RUN starts', () => build.output().includes('run-has-started\n'), { withinMs: 60_000 });
  await until('its process shows', () => processesWith(`sleep ${marker}`).length > 0, { withinMs: 5_000 });
  expect(mountsBelow(rig.root)).not.toEqual([]);

  build.child.kill('SIGKILL');
  await until('all processes are gone', () => processesWith(`sleep ${marker}`).length === 0, { withinMs: 1_000 });
  await until('all mounts are gone', () => mountsBelow(rig.root).length === 0, { withinMs: 1_000 });
  expect((await build.finished).signal).toBe('SIGKILL');
  expect(rig.leftovers()).toEqual([]);

  rig.write({ Dockerfile: 'FROM busybox\nRUN echo before > /before\nRUN echo after > /after\n' });
  const { report } = await rig.built(['-t', 'interrupted']);
  expect(report.steps.map((step) => step.status)).toEqual(['hit', 'hit', 'miss']);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a build with exit code %i and leaves nothing', async (signal, exitCode) => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const marker = `${signal === 'SIGINT' ? '87' : '88'}${String(process.pid)}`;
  const build = waitingBuild(rig, marker);
  await until('the RUN starts', () => build.output().includes('run-has-started\n'), { withinMs: 60_000 });
  const before = performance.now();
  build.child.kill(signal);
  const finished = await build.finished;
  expect(performance.now() - before).toBeLessThan(2000);
  expect(finished.code).toBe(exitCode);
  expect(finished.stderr).not.toContain('run-failed');
  expect(processesWith(`sleep ${marker}`)).toEqual([]);
  expect(mountsBelow(rig.root)).toEqual([]);
  expect(rig.leftovers()).toEqual([]);
});
