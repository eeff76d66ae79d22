import { describe, expect, test } from 'vitest';
import { digestOf, type LayerRef } from '../../cache/index.ts';
import type { PlannedHistory, Target, Vertex } from '../../src/graph/index.ts';
import { imageConfig } from '../../src/session/image-config.ts';
import { imageHistory } from '../../src/session/image-history.ts';
import type { Solution } from '../../src/solver/index.ts';
import { layerOf } from '../rig/solver-rig.ts';

const vertex = (name: string) => ({ digest: digestOf(name) }) as Vertex;
const [base, first, second] = ['base', 'first', 'second'].map(vertex) as [Vertex, Vertex, Vertex];
const madeAtMs = (of: Vertex) => (of === first ? 1000 : of === second ? 5500 : undefined);

const BASE: PlannedHistory = { kind: 'base', entry: { created: '1999-01-01T00:00:00Z', created_by: 'base' } };
const COPY: PlannedHistory = { kind: 'layer', createdBy: 'COPY', description: '[2/3] COPY', vertex: first };
const ENV: PlannedHistory = { kind: 'empty', createdBy: 'ENV' };
const RUN: PlannedHistory = { kind: 'layer', createdBy: 'RUN', description: 'exec', vertex: second };

function layersOf(planned: readonly PlannedHistory[]): number {
  return planned.filter(({ kind }) => kind !== 'empty').length;
}

function times(planned: readonly PlannedHistory[], epochSec?: number) {
  const history = imageHistory({ planned, layerCount: layersOf(planned), epochSec, madeAtMs });
  return history.map(({ created }) => created?.replace(/^1970-01-01T00:00:/, ''));
}

describe('times of history', () => {
  const OLD = '1999-01-01T00:00:00Z';
  test.each<[string, PlannedHistory[], (string | undefined)[]]>([
    ['a layer has that of its record, the base keeps its own', [BASE, COPY, RUN], [OLD, '01Z', '5.5Z']],
    ['metadata that of the layer before it', [BASE, COPY, RUN, ENV], [OLD, '01Z', '5.5Z', '5.5Z']],
    ['the first metadata that of the next layer', [BASE, COPY, ENV, RUN, ENV], [OLD, '01Z', '5.5Z', '5.5Z', '5.5Z']],
    ['what comes before all layers, too', [ENV, COPY, ENV, RUN, ENV], ['01Z', '01Z', '01Z', '5.5Z', '5.5Z']],
    ['metadata on a base alone has that of the base', [BASE, ENV], [OLD, OLD]],
    ['without a layer nobody knows a time', [ENV, ENV], [undefined, undefined]],
  ])('%s', (_what, planned, expected) => {
    expect(times(planned)).toEqual(expected.map((time) => time?.replace(/^5\.5/, '05.5')));
  });

  test('an epoch dates all that is of this build, however old its layers are', () => {
    expect(times([BASE, COPY, ENV, RUN, ENV], 3)).toEqual([OLD, '03Z', '03Z', '03Z', '03Z']);
  });
});

describe('entries and layers', () => {
  const namesOf = (entries: readonly object[], layerCount: number) => {
    const planned: PlannedHistory[] = [...entries.map((entry) => ({ kind: 'base', entry }) as const), COPY, ENV];
    const history = imageHistory({ planned, layerCount, epochSec: undefined, madeAtMs });
    return history.map(({ created_by, empty_layer }) => `${created_by}${empty_layer === true ? ' (empty)' : ''}`);
  };

  test('of layers of which the base does not tell the last are told at the end', () => {
    expect(namesOf([], 3)).toEqual(['COPY', 'ENV (empty)', 'created by buildkit', '[2/3] COPY']);
  });

  test('so are those of a base that is a directory', () => {
    const directory: PlannedHistory = { kind: 'untold', description: 'local source for dir', vertex: first };
    const historyOf = (...planned: PlannedHistory[]) =>
      imageHistory({ planned, layerCount: layersOf(planned), epochSec: undefined, madeAtMs });
    expect(historyOf(directory, ENV).map(({ created_by }) => created_by)).toEqual(['ENV', 'local source for dir']);
    expect(historyOf(directory, RUN)).toMatchObject([
      { created_by: 'RUN', comment: 'buildkit.dockerfile.v0' },
      { created_by: 'exec', comment: 'buildkit.exporter.image.v0', created: '1970-01-01T00:00:05.5Z' },
    ]);
  });

  test('entries beyond the last layer have none', () => {
    expect(namesOf([{ created_by: 'a' }, { created_by: 'b' }], 2)).toEqual(['a', 'b', 'COPY (empty)', 'ENV (empty)']);
  });
});

describe('the config', () => {
  const solution: Solution = {
    of: (of) => ({ result: { kind: 'stack', layers: [layerOf('a')] as LayerRef[] }, createdAt: madeAtMs(of) }),
  };
  const target = (more: Partial<Target> = {}): Target => ({
    platform: { os: 'linux', architecture: 'amd64' },
    vertex: second,
    config: { os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: [] } },
    history: [RUN],
    ...more,
  });

  test('has the layers of the solve and the time of the last entry', () => {
    expect(imageConfig(target(), solution)).toMatchObject({
      created: '1970-01-01T00:00:05.5Z',
      rootfs: { diff_ids: [layerOf('a').diffID] },
    });
  });

  test('without entries it has the time of the epoch, or none', () => {
    const empty: Solution = { of: () => ({ result: { kind: 'stack', layers: [] }, createdAt: undefined }) };
    const bare = target({ vertex: base, history: [] });
    expect(imageConfig(bare, empty).created).toBeUndefined();
    expect(imageConfig({ ...bare, epoch: 3 }, empty).created).toBe('1970-01-01T00:00:03Z');
  });
});
