import { describe, expect, test } from 'vitest';
import { familiarName, formatReference, normaliseReference, parseReference } from '../../../src/image/oci/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('normaliseReference', () => {
  test.each([
    ['node', 'docker.io/library/node:latest'],
    ['node:20', 'docker.io/library/node:20'],
    ['grafana/grafana', 'docker.io/grafana/grafana:latest'],
    ['docker.io/node', 'docker.io/library/node:latest'],
    ['index.docker.io/library/node:1', 'docker.io/library/node:1'],
    ['ghcr.io/o/app:1.0', 'ghcr.io/o/app:1.0'],
    ['localhost/x', 'localhost/x:latest'],
    ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b:latest'],
    ['[::1]:5000/a', '[::1]:5000/a:latest'],
    [`node@${DIGEST}`, `docker.io/library/node@${DIGEST}`],
    [`node:20@${DIGEST}`, `docker.io/library/node:20@${DIGEST}`],
    ['a__b/c-d.e_f', 'docker.io/a__b/c-d.e_f:latest'],
    ['UP.example/x', 'UP.example/x:latest'],
  ])('%s is %s', (text, name) => {
    expect(normaliseReference(text)).toBe(name);
    expect(normaliseReference(name)).toBe(name);
  });

  test.each([
    '',
    'Debian',
    'Conf_Upper/Case:::x',
    'node:',
    'node:a b',
    'a//b',
    '-a',
    'a___b',
    'node@sha256:12',
    'a'.repeat(300),
    'f'.repeat(64),
    'a:5000x/b',
    `node:${'t'.repeat(129)}`,
  ])('%j is refused', (text) => {
    expect(() => normaliseReference(text)).toThrow(expect.objectContaining({ code: 'reference-invalid' }));
  });

  test('upper case names the mended reference in its hint', () => {
    expect(() => parseReference('Node:20')).toThrow(expect.objectContaining({ hint: 'write node:20' }));
    const hint = expect.stringContaining('an image is named');
    expect(() => parseReference('o/%%ARCH%%-app')).toThrow(expect.objectContaining({ hint }));
  });
});

test('parseReference keeps the parts and adds no tag', () => {
  expect(parseReference('ghcr.io/o/app')).toEqual({ registry: 'ghcr.io', repository: 'o/app' });
  expect(formatReference(parseReference(`a:b@${DIGEST}`))).toBe(`docker.io/library/a:b@${DIGEST}`);
});

test.each([
  ['docker.io/library/node:20', 'node:20'],
  ['docker.io/grafana/grafana:latest', 'grafana/grafana:latest'],
  ['docker.io/library/a/b:1', 'library/a/b:1'],
  ['ghcr.io/o/app:1', 'ghcr.io/o/app:1'],
  ['oci-layout:///dir', 'oci-layout:///dir'],
])('the familiar name of %s is %s', (name, familiar) => {
  expect(familiarName(name)).toBe(familiar);
});
