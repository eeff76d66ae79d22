import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

let rig: CliRig;
beforeAll(() => {
  rig = CliRig.setup(inject('baseRoot'));
});
afterAll(() => rig[Symbol.asyncDispose]());

interface Verified {
  readonly schemaVersion: number;
  readonly result: string;
  readonly steps: readonly {
    readonly name: string;
    readonly line: number;
    readonly status: string;
    readonly after: readonly string[];
    readonly changes: readonly { path: string; kind: string; fields: { name: string }[] }[];
    readonly changeCount: number;
  }[];
}

const DATED = { SOURCE_DATE_EPOCH: '1700000000' };

const verify = (flags: readonly string[], env = DATED) =>
  rig.tsbuild(['verify', '--progress', 'plain', ...flags, rig.context], { env });

test('a RUN that writes random bytes is named with the file, and so is what stands on it', async () => {
  rig.write({
    Dockerfile: `
      FROM busybox AS build
      WORKDIR /w
      COPY a.txt ./
      RUN head -c 8 /dev/urandom > random && chmod 640 random && echo same > same
      RUN sha256sum random > sum
      FROM busybox
      COPY --from=build /w/random /out/
      RUN echo fixed > /fixed
    `,
    'a.txt': 'a\n',
  });
  const flags = ['--reproducible', '--format', 'json'];
  const { code, stdout } = await verify(flags);
  const { result, steps } = JSON.parse(stdout) as Verified;
  expect([code, result]).toEqual([1, 'different']);
  expect(steps.map(({ line, status }) => `${String(line)} ${status}`)).toEqual([
    '1 same',
    '2 same',
    '3 same',
    '4 different',
    '5 different',
    '6 same',
    '7 different',
    '8 same',
  ]);
  const random = steps.find(({ line }) => line === 4);
  expect(random?.changes).toEqual([
    { path: 'w/random', kind: 'changed', fields: [expect.objectContaining({ name: 'content' })] },
  ]);
  expect(random?.after).toEqual([]);
  expect(steps.find(({ line }) => line === 7)?.after).toEqual([random?.name]);

  const text = await verify(['--reproducible']);
  expect(text.code).toBe(1);
  expect(text.stdout).toContain('RUN head -c 8 /dev/urandom');
  expect(text.stdout).toMatch(/^ {2}\/w\/random {2}content$/m);
  expect(text.stdout).toMatch(/3 of 8 steps are not the same again/);
});

test('what is the same is told in one line, and nothing is kept of it', async () => {
  rig.write({ Dockerfile: 'FROM busybox\nCOPY a.txt /\nRUN echo 1 > /one\n', 'a.txt': 'a\n' });
  const flags = ['-t', 'kept:1', '--reproducible', '--iidfile', join(rig.dir, 'iid')];
  const before = await rig.built(flags, { env: DATED });
  const { code, stdout, stderr } = await verify(flags);
  expect(stderr).toMatch(/COPY a.txt \/\n#\d CACHED/);
  expect([code, stdout]).toEqual([0, 'the same again: 3 steps\n']);
  expect(readFileSync(join(rig.dir, 'iid'), 'utf8')).toBe(before.report.image?.configDigest);
  const after = await rig.built(flags, { env: DATED });
  expect(after.report.image?.digest).toBe(before.report.image?.digest);
  expect(after.report.summary.misses).toBe(0);
  expect(rig.leftovers()).toEqual(['iid', 'kept-1.tar']);
});

test('modes, owners, types, names and times are told; times that nobody settles are differences', async () => {
  rig.write({
    Dockerfile: `
      FROM busybox
      RUN --mount=type=cache,target=/c n=$(ls /c | wc -l); touch /c/$n; \\
          touch /mode /owner /time; touch -d @$((1000 + n)) /time; chmod 64$n /mode; chown $n:0 /owner; touch /name-$n; \\
          ln -s $n /link; if [ $n = 0 ]; then mkdir /type; else touch /type; fi
    `,
  });
  const { code, stdout } = await verify(['--reproducible']);
  expect(code).toBe(1);
  for (const line of [
    /^ {2}\/mode {2}mode 0640 → 0641$/m,
    /^ {2}\/owner {2}owner 0:0 → 1:0$/m,
    /^ {2}\/link {2}link 0 → 1$/m,
    /^ {2}\/type {2}type directory → file$/m,
    /^ {2}\/name-0 {2}only in the first build$/m,
    /^ {2}\/name-1 {2}only in the second build$/m,
  ])
    expect(stdout).toMatch(line);
  expect(stdout).not.toMatch(/^ {2}\/time/m);

  rig.write({
    Dockerfile: `
      FROM busybox
      RUN --mount=type=cache,target=/c,id=now n=$(ls /c | wc -l); touch /c/$n; touch -d @$((1000000000 + n)) /now
    `,
  });
  const undated = await verify([], { SOURCE_DATE_EPOCH: '' });
  expect(undated.code).toBe(1);
  expect(undated.stdout).toMatch(/^ {2}\/now {2}mtime 2001-09-09T01:46:40Z → 2001-09-09T01:46:41Z$/m);
  expect(undated.stdout).toContain('only times differ: --reproducible');
  expect((await verify(['--reproducible'])).code).toBe(0);
});

test('stdin cannot be built twice, and a build that fails is an error', async () => {
  const twice = await rig.tsbuild(['verify', '-'], { input: 'FROM scratch\n' });
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('stdin')]);
  rig.write({ Dockerfile: 'FROM busybox\nRUN --mount=type=cache,target=/d,id=verify-once mkdir /d/once\n' });
  const failed = await verify([]);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('[run-failed]')]);
  expect(await rig.tsbuild(['verify', '--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('verify') as string,
  });
});
