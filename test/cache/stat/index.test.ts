import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { digestOf, type FileState, NO_ENTRY, openStatIndex, type StatKey, statKey } from '../../../cache/index.ts';
import { openQuickSignature } from '../../../src/host/fs/index.ts';
import { tempDir } from '../temp.ts';

const quickSignature = await openQuickSignature();

const SECOND = 1_000_000_000n;
const NOW = 1_700_000_000n * SECOND;

function statOf(ino: number, more: Partial<FileState> = {}): StatKey {
  return statKey({ dev: 1n, ino: BigInt(ino), size: 10n, mtimeNs: 5n, ctimeNs: 6n, mode: 0o100644n, ...more });
}

function open(file = join(tempDir(), 'index')) {
  const warnings: string[] = [];
  const options = { quickSignature, onWarning: (message: string) => void warnings.push(message) };
  const reopen = (more: { maxEntries?: number } = {}) => openStatIndex(file, { ...options, ...more });
  return { file, warnings, reopen, index: reopen() };
}

test('a digest comes back for exactly the same state, after saving too', () => {
  const { index, reopen } = open();
  index.put(statOf(1), digestOf('a'), NOW);
  assert.equal(index.get(statOf(1)), digestOf('a'));
  index.save();
  const again = reopen();
  assert.equal(again.get(statOf(1)), digestOf('a'));
  const big = 2n ** 40n;
  const others: Partial<FileState>[] = [
    { dev: 2n },
    { dev: 1n + big },
    { ino: 1n + big },
    { size: 11n },
    { size: 10n + big },
    { mtimeNs: 6n },
    { mtimeNs: 5n + big },
    { mtimeNs: -5n },
    { ctimeNs: 7n },
    { mode: 0o100755n },
  ];
  for (const other of others) assert.equal(again.get(statOf(1, other)), undefined);
});

test('a file that was touched less than 2 s before the read is not kept', () => {
  const { index } = open();
  const settled = NOW - 2n * SECOND;
  const cases: [bigint, bigint, boolean][] = [
    [settled, settled, true],
    [settled + 1n, 0n, false],
    [0n, settled + 1n, false],
    [NOW + SECOND, 0n, false],
    [-SECOND, -SECOND, true],
  ];
  cases.forEach(([mtimeNs, ctimeNs, isKept], ino) => {
    index.put(statOf(ino, { mtimeNs, ctimeNs }), digestOf('a'), NOW);
    assert.equal(index.get(statOf(ino, { mtimeNs, ctimeNs })) !== undefined, isKept);
  });
});

/** What an editor can do between two looks: same size, and times that do not move when it happens within one tick of the clock. */
test('a write that stat cannot tell never meets an entry made before it', () => {
  const TICK = 10_000_000n;
  const step = fc.record({ waitNs: fc.bigInt({ min: 0n, max: 5n * SECOND }), what: fc.constantFrom('write', 'read') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { index } = open();
      let now = NOW;
      let content = 0;
      let time = 0n;
      for (const { waitNs, what } of steps) {
        now += waitNs;
        // The kernel's clock for files stands still within a tick.
        if (what === 'write') {
          content++;
          time = now - (now % TICK);
        } else {
          const stat = statOf(1, { mtimeNs: time, ctimeNs: time });
          const known = index.get(stat);
          if (known !== undefined) assert.equal(known, digestOf(`${content}`));
          else index.put(stat, digestOf(`${content}`), now);
        }
      }
    }),
  );
});

test('the newest state of an inode replaces the others', () => {
  const { index, reopen } = open();
  index.put(statOf(1), digestOf('old'), NOW);
  index.save();
  index.put(statOf(1, { mtimeNs: 9n }), digestOf('new'), NOW);
  index.save();
  for (const one of [index, reopen()]) {
    assert.equal(one.get(statOf(1)), undefined);
    assert.equal(one.get(statOf(1, { mtimeNs: 9n })), digestOf('new'));
  }
});

test('what two processes save is merged', () => {
  const { index: one, reopen } = open();
  const two = reopen();
  assert.equal(two.get(statOf(1)), undefined);
  one.put(statOf(1), digestOf('1'), NOW);
  two.put(statOf(2), digestOf('2'), NOW);
  one.save();
  two.save();
  one.put(statOf(3), digestOf('3'), NOW);
  one.save();
  const merged = reopen();
  assert.deepEqual(
    [1, 2, 3].map((ino) => merged.get(statOf(ino))),
    ['1', '2', '3'].map((text) => digestOf(text)),
  );
  assert.equal(one.get(statOf(2)), digestOf('2'));
});

test('what an entry says stays true, whatever becomes of its file', () => {
  const { index, reopen } = open();
  const states = [0n, 1n, 2n].map((mtimeNs) => statOf(1, { mtimeNs }));
  index.put(statOf(1, { mtimeNs: 9n }), digestOf('earlier'), NOW);
  index.save();
  const again = reopen();
  const entries = states.map((state, number) => again.put(state, digestOf(`${number}`), NOW));
  again.save();
  for (let ino = 2; ino < 5000; ino++) again.put(statOf(ino), digestOf('other'), NOW);
  for (const [number, state] of states.entries()) {
    assert.equal(again.digest(entries[number] ?? NO_ENTRY), digestOf(`${number}`));
    assert.equal(again.find(state), number === 2 ? entries[2] : NO_ENTRY);
  }
  again.save();
  for (const maxEntries of [10_000, 4999]) {
    const last = reopen({ maxEntries });
    assert.deepEqual(
      states.map((state) => last.get(state)),
      [undefined, undefined, digestOf('2')],
    );
    last.put(statOf(9999), digestOf('one more'), NOW);
    last.save();
  }
});

test('nothing new is not written', () => {
  const { index, file } = open();
  index.get(statOf(1));
  index.save();
  assert.equal(existsSync(file), false);
});

test('the longest unused go when there are too many', () => {
  const { index, reopen } = open();
  for (let ino = 0; ino < 10; ino++) index.put(statOf(ino), digestOf(`${ino}`), NOW);
  index.save();
  const next = reopen({ maxEntries: 5 });
  next.get(statOf(0));
  next.get(statOf(3));
  next.put(statOf(100), digestOf('new'), NOW);
  next.save();
  const left = reopen();
  const here = Array.from({ length: 101 }, (_, ino) => ino).filter((ino) => left.get(statOf(ino)) !== undefined);
  assert.equal(here.length, 5);
  for (const ino of [0, 3, 100]) assert.ok(here.includes(ino));
});

test('whatever is damaged is an empty index, and is written anew', () => {
  const { index, file, reopen, warnings } = open();
  index.put(statOf(1), digestOf('a'), NOW);
  index.put(statOf(2), digestOf('b'), NOW);
  index.save();
  const whole = readFileSync(file);
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(file, whole.subarray(0, length));
    assert.equal(reopen().get(statOf(1)), undefined);
  }
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(file, bytes);
    assert.equal(reopen().get(statOf(1)), undefined, `byte ${at}`);
  }
  assert.ok(warnings.length > 0);
  const mended = reopen();
  mended.put(statOf(3), digestOf('c'), NOW);
  mended.save();
  assert.equal(reopen().get(statOf(3)), digestOf('c'));
  assert.equal(readdirSync(join(file, '..')).length, 1);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('an index that cannot be saved is a warning', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  const { index, warnings } = open(join(dir, 'file', 'index'));
  index.put(statOf(1), digestOf('a'), NOW);
  index.save();
  assert.match(warnings.join(), /could not be saved/);
});

test('agrees with a map, whatever the order of puts', () => {
  const key = fc.record({
    ino: fc.nat({ max: 20 }),
    mtimeNs: fc.bigInt({ min: -3n, max: 3n }),
    dev: fc.constantFrom(1n, 2n ** 33n),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.string())), fc.nat({ max: 10 }), (puts, saveEvery) => {
      const { index } = open();
      const model = new Map<string, { mtimeNs: bigint; digest: string }>();
      puts.forEach(([{ ino, mtimeNs, dev }, text], i) => {
        index.put(statOf(ino, { mtimeNs, dev }), digestOf(text), NOW);
        model.set(`${dev} ${ino}`, { mtimeNs, digest: digestOf(text) });
        if (i % (saveEvery + 1) === 0) index.save();
        const known = model.get(`${dev} ${ino}`);
        assert.equal(index.get(statOf(ino, { mtimeNs, dev })), known?.digest);
      });
      for (const [name, { mtimeNs, digest }] of model) {
        const [dev = '', ino = ''] = name.split(' ');
        assert.equal(index.get(statOf(Number(ino), { mtimeNs, dev: BigInt(dev) })), digest);
      }
    }),
  );
});

test('20,000 entries are found again', () => {
  const { index, reopen } = open();
  const stats = Array.from({ length: 20_000 }, (_, i) => statOf(i + 1_000_000, { mtimeNs: (BigInt(i) * SECOND) / 7n }));
  for (const [i, stat] of stats.entries()) index.put(stat, digestOf(`${i}`), NOW);
  index.save();
  const cold = reopen();
  for (const [i, stat] of stats.entries()) assert.equal(cold.get(stat), digestOf(`${i}`));
});
