import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readCa } from '../../src/session/read-ca.ts';

function fileOf(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'ca-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'ca.pem'), text);
  return join(dir, 'ca.pem');
}

test.each([
  '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
  'subject=/CN=Private CA\r\n-----BEGIN TRUSTED CERTIFICATE-----\r\nAA==\r\n',
])('a bundle %j', (text) => {
  expect(readCa(fileOf(text))).toBe(text);
});

test('none is none', () => expect(readCa(undefined)).toBeUndefined());

test.each(['', 'FROM scratch\n', '-----BEGIN PRIVATE KEY-----\nAA==\n'])(
  '%j is refused, for nothing would trust it',
  (text) => {
    expect(() => readCa(fileOf(text))).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(/holds no certificate$/) }),
    );
  },
);

test('a file that is not there is refused', () => {
  expect(() => readCa(join(tmpdir(), 'none', 'ca.pem'))).toThrow(/cannot be read/);
});

test('what is no file is refused: it is read more than once', () => {
  expect(() => readCa('/dev/null')).toThrow(
    expect.objectContaining({ code: 'usage', message: '--ca /dev/null is no file' }),
  );
});
