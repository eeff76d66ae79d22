import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectVertices, makeVertex, namedInputs, type Op, type Origin, type Vertex } from '../../src/graph/index.ts';

function origin(name: string, line?: number): Origin {
  const range =
    line === undefined
      ? undefined
      : { file: 'Dockerfile', startLine: line, startColumn: 1, endLine: line, endColumn: 2 };
  return { name, isStep: true, stage: 's', index: 1, kind: 'RUN', range, buildArgs: {}, ignoreCache: false };
}

function mkdir(path: string, below: Vertex, line?: number): Vertex {
  return makeVertex({ kind: 'mkdir', path, user: '' }, [below], origin(path, line));
}

const scratch = makeVertex({ kind: 'scratch' }, [], origin('scratch'));
const context = makeVertex({ kind: 'context', name: '' }, [], origin('context'));
const RUN = {
  kind: 'run',
  argv: ['true'],
  env: [],
  cwd: '/',
  user: '',
  hostname: 'h',
  network: 'default',
  security: 'sandbox',
  platform: { os: 'linux', architecture: 'amd64' },
  extraHosts: [],
  ulimits: [],
  devices: [],
} as const;

describe('makeVertex', () => {
  test('the digest is of the op and its inputs, not of its origin', () => {
    expect(mkdir('/a', scratch).digest).toBe(
      makeVertex({ kind: 'mkdir', path: '/a', user: '' }, [scratch], origin('b')).digest,
    );
    expect(mkdir('/a', scratch).digest).not.toBe(mkdir('/b', scratch).digest);
    expect(mkdir('/a', scratch).digest).not.toBe(mkdir('/a', mkdir('/x', scratch)).digest);
  });

  test('the order of fields and absent fields do not matter', () => {
    const one = makeVertex({ kind: 'http', url: 'http://a', checksum: undefined }, [], origin(''));
    const two = makeVertex({ url: 'http://a', kind: 'http' }, [], origin(''));
    expect(one.digest).toBe(two.digest);
  });

  test('inputs that the op does not name, or names and lacks, are a broken invariant', () => {
    expect(() => makeVertex({ kind: 'scratch' }, [scratch], origin(''))).toThrow('names inputs');
    expect(() => makeVertex({ kind: 'mkdir', path: '/a', user: '' }, [], origin(''))).toThrow('names inputs');
  });

  test('any change of a field changes the digest', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b);
        expect(mkdir(a, scratch).digest).not.toBe(mkdir(b, scratch).digest);
      }),
    );
  });
});

test.each<[Op, readonly number[]]>([
  [{ kind: 'scratch' }, []],
  [{ kind: 'context', name: '' }, []],
  [
    {
      kind: 'image',
      name: 'n',
      manifest: scratch.digest,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [],
    },
    [],
  ],
  [{ kind: 'http', url: 'u' }, []],
  [{ kind: 'git', url: 'u', keepGitDir: false }, []],
  [{ kind: 'mkdir', path: '/a', user: '' }, [0]],
  [
    {
      kind: 'copy',
      instruction: 'COPY',
      sources: [
        { kind: 'path', input: 1, path: 'a' },
        { kind: 'inline', name: 'f', content: '' },
      ],
      dest: '/',
      link: false,
      parents: false,
      excludes: [],
      unpack: false,
    },
    [0, 1],
  ],
  [
    {
      ...RUN,
      mounts: [
        { type: 'bind', input: 2, source: '/', target: '/a', readOnly: true },
        { type: 'tmpfs', target: '/t', readOnly: false },
        { type: 'cache', id: 'c', target: '/c', sharing: 'shared', readOnly: false },
        {
          type: 'cache',
          id: 'd',
          target: '/d',
          sharing: 'shared',
          readOnly: false,
          seed: { input: 1, source: '/' },
        },
      ],
    },
    [0, 2, 1],
  ],
])('$kind names its inputs', (op, inputs) => {
  expect(namedInputs(op)).toEqual(inputs);
});

describe('collectVertices', () => {
  test('each vertex once, in Dockerfile order, inputs first', () => {
    const below = mkdir('/a', scratch, 2);
    const side = mkdir('/b', scratch, 1);
    const copy = makeVertex(
      {
        kind: 'copy',
        instruction: 'COPY',
        sources: [
          { kind: 'path', input: 1, path: 'x' },
          { kind: 'path', input: 2, path: 'y' },
        ],
        dest: '/',
        link: false,
        parents: false,
        excludes: [],
        unpack: false,
      },
      [below, side, context],
      origin('copy', 3),
    );
    expect(collectVertices([{ vertex: copy }, { vertex: below }])).toEqual([scratch, context, side, below, copy]);
  });

  test('a chain of ten thousand steps does not exhaust the stack', () => {
    let top: Vertex = scratch;
    for (let index = 0; index < 10_000; index++) top = mkdir(`/${index}`, top, index);
    expect(collectVertices([{ vertex: top }])).toHaveLength(10_001);
  });
});
