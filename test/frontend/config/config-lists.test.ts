import { expect, test } from 'vitest';
import { ConfigLists, type ImageDraft } from '../../../src/frontend/config/index.ts';

const image = (config: ImageDraft['config']): ImageDraft => ({ os: 'linux', architecture: 'amd64', config });

test('nothing added is the very image', () => {
  const given = image({ Env: ['A=1'] });
  expect(new ConfigLists(given).appliedTo(given)).toBe(given);
});

test('what is added stands behind what the base has, and the base is as it was', () => {
  const given = image({
    Labels: { a: '1' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    OnBuild: ['RUN a'],
  });
  const before = structuredClone(given);
  const lists = new ConfigLists(given);
  lists.add({
    labels: [
      ['b', '2'],
      ['a', '3'],
    ],
    ports: ['81/tcp', '80/tcp'],
  });
  lists.add({ volumes: ['/w'], trigger: 'RUN b' });
  lists.add({ labels: [['__proto__', 'x']] });
  expect(lists.appliedTo(given).config).toEqual({
    Labels: Object.fromEntries([
      ['a', '3'],
      ['b', '2'],
      ['__proto__', 'x'],
    ]),
    ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
    Volumes: { '/v': {}, '/w': {} },
    OnBuild: ['RUN a', 'RUN b'],
  });
  expect(given).toEqual(before);
});

test('a variable keeps its place, the first one where a base has it twice', () => {
  const given = image({ Env: ['A=1', 'B=2', 'A=3', 'C'] });
  const lists = new ConfigLists(given);
  for (const [name, value] of [
    ['A', 'x'],
    ['D', 'y'],
    ['C', 'z'],
    ['D', '='],
  ] as const)
    lists.setVariable(name, value);
  expect(lists.appliedTo(given).config.Env).toEqual(['A=x', 'B=2', 'A=3', 'C=z', 'D==']);
});
