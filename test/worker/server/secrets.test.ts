import { describe, expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import type { TarEntry } from '../../../src/image/archive/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import type { RunRequest, SecretLeak } from '../../../src/worker/protocol.ts';
import { maskedError, maskedValues, watchForLeaks } from '../../../src/worker/server/secrets.ts';

const secret = (id: string, value: string) => ({ id, value: Buffer.from(value).toString('base64') });

describe('what is masked of a secret', () => {
  test('its value without the spaces around it, and each longer line', () => {
    const key = '-----BEGIN KEY-----\n  c2VjcmV0IQ==\r\nshort\n';
    const texts = maskedValues([secret('key', key), secret('token', ' hunter2\n')]).map(String);
    expect(texts).toEqual([key.trim(), '-----BEGIN KEY-----', 'c2VjcmV0IQ==', 'hunter2']);
  });

  test('nothing of what is too short to be told from other text', () => {
    expect(maskedValues([secret('pin', '123\n'), secret('none', '')])).toEqual([]);
  });

  test('bytes that are no text', () => {
    const value = Buffer.from([0xa0, 0xff, 0, 1, 0xa0]);
    expect(maskedValues([{ id: 'raw', value: value.toString('base64') }])).toEqual([value]);
  });

  test('errors tell nothing of it, in message and hint', () => {
    const error = new BuildError('mount-failed', 'no hunter2 here', { hint: 'try hunter2', cause: 'x' });
    const masked = maskedError(error, maskedValues([secret('token', 'hunter2')]));
    expect(masked).toMatchObject({ code: 'mount-failed', message: 'no *** here', hint: 'try ***' });
  });

  test("the system's error stays one: a full disk is told as such", () => {
    const full = Object.assign(new Error('ENOSPC: no space left, hunter2'), { code: 'ENOSPC' });
    const masked = maskedError(full, maskedValues([secret('token', 'hunter2')]));
    expect(masked).toMatchObject({ code: 'ENOSPC', message: 'ENOSPC: no space left, ***' });
    expect(maskedError(new Error('hunter2'), maskedValues([secret('token', 'hunter2')]))).not.toHaveProperty('code');
  });
});

describe('a layer that holds a secret', () => {
  const request = (secretLeak: SecretLeak | undefined, ...secrets: RunRequest['secrets'] & object): RunRequest =>
    ({ secrets, secretLeak }) as unknown as RunRequest;
  const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry =>
    ({ path: path as RelPath, type: 'file', size: 0, link: '', xattrs: new Map(), ...more }) as TarEntry;
  const token = secret('token', 'correct horse\n');

  test('in a file, over the border of two pieces, too', () => {
    const watch = watchForLeaks(request('warn', token));
    for (const part of ['xx correct', ' ho', 'rse battery'])
      watch?.entry(entry(`whole-${part}`, { size: 13 }))?.(Buffer.from(part));
    const take = watch?.entry(entry('root/.npmrc', { size: 24 }));
    for (const part of ['xx correct', ' ho', 'rse battery']) take?.(Buffer.from(part));
    watch?.end();
    expect(watch?.leaks()).toEqual([{ id: 'token', paths: ['/root/.npmrc'] }]);
  });

  test('in a link, an attribute, or a name, which is masked then', () => {
    const watch = watchForLeaks(request(undefined, token));
    watch?.entry(entry('link', { type: 'symlink', link: 'correct horse' }));
    watch?.entry(entry('file', { xattrs: new Map([['user.x', Buffer.from('a correct horse')]]) }));
    watch?.entry(entry('correct horse.txt'));
    watch?.end();
    expect(watch?.leaks()).toEqual([{ id: 'token', paths: ['/link', '/file', '/***.txt'] }]);
  });

  test('is an error where no layer may', () => {
    const watch = watchForLeaks(request('error', token));
    watch?.entry(entry('a', { size: 20 }))?.(Buffer.from('a correct horse here'));
    expect(() => watch?.end()).toThrow(
      expect.objectContaining({ code: 'secret-leaked', message: expect.stringContaining('secret token in /a') }),
    );
  });

  test('is not looked for when it is short, absent, or nobody wants to know', () => {
    expect(watchForLeaks(request('warn', secret('short', '1234567\n')))).toBeUndefined();
    expect(watchForLeaks(request('warn'))).toBeUndefined();
    expect(watchForLeaks(request('off', token))).toBeUndefined();
  });
});
