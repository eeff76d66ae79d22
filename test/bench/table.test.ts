import { expect, test } from 'vitest';
import { type Aims, type Figure, tablesOf } from '../../bench/table.mjs';

const MACHINE = { cpus: 2, memory: 4e9, kernel: '6.1', node: 'v20' };

function rounds(...wallMs: number[]): Figure[] {
  return wallMs.map((ms) => ({ wallMs: ms, cpuMs: 10, peakBytes: 2e6, diskBytes: 3e6, load: 1 }));
}

interface Case {
  readonly own: number[];
  readonly other: number[];
  readonly beside?: number[];
  readonly aims?: Aims;
  readonly starts?: number[];
}

/** The cells of tsbuild's row: wall, ratio, aim, of aim. */
function ownRow({ own, other, beside, aims, starts }: Case): string[] {
  const figures = {
    tsbuild: { cached: rounds(...own) },
    docker: { cached: rounds(...other) },
    ...(beside && { image: { cached: rounds(...beside) } }),
  };
  const peers = [
    { name: 'tsbuild', version: '1', product: 'tarball' },
    { name: 'docker', version: '2\nof today', product: 'tarball' },
    ...(beside ? [{ name: 'image', version: '2', product: 'none', isBeside: true }] : []),
  ];
  const result = { name: 'wide', about: 'eight stages', at: '2026-01-02T03:04:05Z', aims, figures };
  const text = tablesOf({
    machine: MACHINE,
    peers,
    results: [{ ...result, ...(starts && { starts: { cached: starts } }) }],
  });
  const row = text.split('\n').find((line) => line.startsWith('| tsbuild '));
  return (row ?? '').split(' | ').slice(2, 6);
}

test('a ratio is of the rounds in which both were measured, not of medians', () => {
  expect(ownRow({ own: [100, 200, 300], other: [1000, 400, 400] })).toEqual(['0.20 (0.10 to 0.30)', '0.50', '', '']);
});

test('who ends with less is shown and is no rival', () => {
  expect(ownRow({ own: [100], other: [200], beside: [50] })[1]).toBe('0.50');
});

test('an aim is a part of the fastest time, and what was taken of it is told', () => {
  const found = ownRow({ own: [300], other: [1000], aims: { cached: 0.5 }, starts: [40] });
  expect(found.slice(1)).toEqual(['0.30', '0.5', '0.60']);
});

test("no aim is below Node's start and 60 ms of the same round", () => {
  const found = ownRow({ own: [90], other: [120], aims: { cached: 0.7 }, starts: [40] });
  expect(found.slice(1)).toEqual(['0.75', '0.100 s', '0.90']);
});

test('a state of no aim, and what was measured without the start of Node', () => {
  expect(ownRow({ own: [90], other: [100], aims: { cold: 0.7 }, starts: [40] }).slice(2)).toEqual(['', '']);
  expect(ownRow({ own: [90], other: [100], aims: { cached: 0.9 } }).slice(2)).toEqual(['0.9', '1.00']);
});
