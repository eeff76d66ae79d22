import { expect, test } from 'vitest';
import { parseCall } from '../../src/cli/call/parse-call.ts';

const CHECK = { method: 'check', format: 'text', ignoresStatus: false };

test.each([
  [{}, undefined],
  [{ call: '' }, undefined],
  [{ call: 'build' }, undefined],
  [{ check: true }, CHECK],
  [{ check: true, call: 'check' }, CHECK],
  [{ call: 'lint' }, CHECK],
  [{ call: 'format=json,outline' }, { method: 'outline', format: 'json', ignoresStatus: false }],
  [{ call: 'check,ignorestatus=1' }, { ...CHECK, ignoresStatus: true }],
  [{ call: 'check,"ignorestatus=F"' }, CHECK],
])('%j is %j', (flags, call) => {
  expect(parseCall(flags)).toEqual(call);
});

test.each([
  { call: 'nothing' },
  { call: 'format=json' },
  { call: 'check,outline' },
  { call: 'check,ignorestatus' },
  { call: 'check,ignorestatus=yes' },
  { call: 'check,format=xml' },
  { call: 'check,color=red' },
  { call: 'check,"format=json' },
  { call: 'outline', check: true },
])('%j is refused, and it is said what is taken', (flags) => {
  expect(() => parseCall(flags)).toThrow(expect.objectContaining({ code: 'usage', hint: expect.any(String) }));
});
