import { describe, expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import { type ParsedMount, parseMount } from '../../../src/frontend/parse/index.ts';

const range = { file: 'Dockerfile', startLine: 1, startColumn: 5, endLine: 1, endColumn: 9 };

describe('C3 --mount', () => {
  const read: readonly (readonly [value: string, mount: ParsedMount])[] = [
    ['target=/m', { type: 'bind', target: '/m' }],
    [
      'TYPE=BIND,Target=/m,readonly=false,from=dep,src=/s',
      { type: 'bind', target: '/m', readOnly: false, from: 'dep', source: '/s' },
    ],
    ['type=bind,dst=/m,rw', { type: 'bind', target: '/m', readOnly: false }],
    ['type=bind,destination=/m,readwrite=0', { type: 'bind', target: '/m', readOnly: true }],
    ['type=bind,"source=with,comma ""x""",target=/m', { type: 'bind', source: 'with,comma "x"', target: '/m' }],
    [
      'type=cache,id=x,target=/c,sharing=Locked,mode=0700,uid=1,gid=2,ro',
      { type: 'cache', id: 'x', target: '/c', sharing: 'locked', mode: 0o700, uid: 1, gid: 2, readOnly: true },
    ],
    ['type=tmpfs,target=/t,size=1.5k', { type: 'tmpfs', target: '/t', sizeBytes: 1536 }],
    ['type=tmpfs,target=/t,size=64MiB', { type: 'tmpfs', target: '/t', sizeBytes: 64 * 1024 ** 2 }],
    ['type=secret,id=s,required', { type: 'secret', id: 's', required: true }],
    ['type=secret,source=s,env=T,required=False', { type: 'secret', source: 's', env: 'T', required: false }],
    ['type=ssh', { type: 'ssh' }],
  ];
  test.each(read)('%s', (value, mount) => expect(parseMount(value, { range })).toEqual(mount));

  const refused: readonly (readonly [value: string, message: string])[] = [
    ['', 'failed to parse csv mounts'],
    ['target="/m"', 'failed to parse csv mounts'],
    ['"target=/m', 'failed to parse csv mounts'],
    ['"target=/m"x', 'failed to parse csv mounts'],
    ['target=/m,', "invalid field '' must be a key=value pair"],
    ['target', "invalid field 'target' must be a key=value pair"],
    ['typ=cache', "unexpected key 'typ' in 'typ=cache'"],
    ['type=tmp,target=/m', 'unsupported mount type "tmp"'],
    ['type=bind,target=/m,size=1m', "unexpected key 'size' for mount type 'bind'"],
    ['required,type=secret,id=x', "unexpected key 'required' for mount type 'bind'"],
    ['type=tmpfs,target=/m,size=big', 'invalid value for size: big'],
    ['target=/m,ro=yes', 'invalid value for ro: yes'],
    ['target=/m,rw=yes', 'invalid value for rw: yes'],
    ['type=cache,target=/m,mode=8', 'invalid value 8 for mode'],
    ['type=cache,target=/m,uid=-1', 'invalid value -1 for uid'],
    ['type=cache,target=/m,gid=4294967296', 'invalid value 4294967296 for gid'],
    ['target=/m,mode=0700', 'mode not allowed for "bind" type mounts'],
    ['type=tmpfs,target=/m,uid=1', 'uid not allowed for "tmpfs" type mounts'],
    ['type=cache,target=/m,sharing=some', 'unsupported sharing value "some"'],
    ['target=/m,sharing=shared', 'invalid cache sharing set for bind mount'],
    ['type=secret,id=x,from=y', 'secret mount should not have a from'],
    ['type=secret,id=x,sharing=shared', 'secret mount should not define sharing'],
    ['type=secret', 'invalid secret mount. one of source, target required'],
    ['type=secret,id=x,source=y', "both source and id can't be set"],
  ];
  test.each(refused)('%s is refused', (value, message) => {
    try {
      parseMount(value, { range });
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      expect([error.code, error.range]).toEqual(['flag-invalid', range]);
      expect(error.message).toContain(message);
      expect(error.hint).toBeTruthy();
      return;
    }
    throw new Error('expected an error');
  });

  test('C3.5 values are expanded, keys are not', () => {
    const expand = (text: string): string => text.replace('$T', '/m');
    expect(parseMount('target=$T,source=a', { range, expand })).toEqual({ type: 'bind', target: '/m', source: 'a' });
    expect(() => parseMount('$T=x', { range, expand })).toThrow("unexpected key '$t'");
  });
});
