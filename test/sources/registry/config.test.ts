import { expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import { parseRegistryConfig } from '../../../src/sources/registry/index.ts';

test('mirrors, insecure and ca, the CA relative to the file', () => {
  const text =
    '{"registries": {"docker.io": {"mirrors": ["https://m.example/hub", "10.0.0.1:5000"]}, "r.example:5000": {"insecure": true, "ca": "ca.pem"}}}';
  expect(parseRegistryConfig(text, '/etc/tsbuild/config.json')).toEqual({
    registries: {
      'docker.io': { mirrors: ['https://m.example/hub', '10.0.0.1:5000'] },
      'r.example:5000': { insecure: true, ca: '/etc/tsbuild/ca.pem' },
    },
  });
});

test('an empty object is an empty config', () => {
  expect(parseRegistryConfig('{}', 'c.json')).toEqual({ registries: {} });
});

test.each([
  ['{"registries": {', undefined, /not JSON/],
  ['{\n  "registries": {},\n  "mirors": 1\n}', [3, 3], /unknown field "mirors"/],
  ['{"registries": []}', [1, 2], /not an object/],
  ['{"registries": {"https://x/": {}}}', [1, 17], /not a registry's host/],
  ['{"registries": {"x.example": {\n"insecure": "yes"}}}', [2, 1], /neither true nor false/],
  ['{"registries": {"x.example": {"mirrors": "m"}}}', [1, 31], /not a list/],
  ['{"registries": {"x.example": {"mirrors": ["ftp://m"]}}}', [1, 31], /not a list/],
  ['{"registries": {"x.example": {"cert": "m"}}}', [1, 31], /unknown field "cert"/],
  ['[1]', undefined, /not a JSON object/],
])('%j is refused at %j', (text, at, words) => {
  const error = failure(() => parseRegistryConfig(text, 'config.json'));
  expect(error.code).toBe('config-invalid');
  expect(error.message).toMatch(words);
  if (at !== undefined) expect([error.range?.startLine, error.range?.startColumn]).toEqual(at);
});

function failure(work: () => unknown): BuildError {
  try {
    work();
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
