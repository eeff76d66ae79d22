import { expect, test } from 'vitest';
import { parseChallenges } from '../../../src/sources/registry/challenge.ts';

test.each([
  ['Basic realm="a b"', [['basic', { realm: 'a b' }]]],
  [
    'Bearer realm="https://a/t",service="x, y" , scope=r:a:pull',
    [['bearer', { realm: 'https://a/t', service: 'x, y', scope: 'r:a:pull' }]],
  ],
  ['bearer REALM = "q\\"uo\\\\te"', [['bearer', { realm: 'q"uo\\te' }]]],
  [
    'Negotiate, Basic realm="b", Bearer realm="https://a/t",scope="s"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'b' }],
      ['bearer', { realm: 'https://a/t', scope: 's' }],
    ],
  ],
  ['', []],
  ['realm="nothing before it"', []],
  [
    'Basic realm="no end',
    [
      ['basic', { realm: '' }],
      ['no', {}],
      ['end', {}],
    ],
  ],
])('%s', (header, wanted) => {
  expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual(
    wanted,
  );
});
