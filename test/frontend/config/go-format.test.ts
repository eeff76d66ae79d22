import { describe, expect, test } from 'vitest';
import { goDuration, goList, goQuote, goQuotedList } from '../../../src/frontend/config/go-format.ts';

describe('goQuote is %q', () => {
  test.each([
    ['plain', '"plain"'],
    ['say "hi"\\', '"say \\"hi\\"\\\\"'],
    ['a\n\t\r\b\f\v\x07', '"a\\n\\t\\r\\b\\f\\v\\a"'],
    ['\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
    ['grüße ✓ 日本', '"grüße ✓ 日本"'],
    ['\u00a0\u200b', '"\\u00a0\\u200b"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['😀', '"😀"'],
  ])('%j', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });
});

test('lists', () => {
  expect(goQuotedList(['a', 'b c'])).toBe('["a" "b c"]');
  expect(goQuotedList([])).toBe('[]');
  expect(goList(['a', 'b c'])).toBe('[a b c]');
});

describe('goDuration is time.Duration', () => {
  test.each([
    [0, '0s'],
    [1, '1ns'],
    [1100, '1.1µs'],
    [2_200_000, '2.2ms'],
    [500_000_000, '500ms'],
    [1e9, '1s'],
    [1_500_000_000, '1.5s'],
    [90e9, '1m30s'],
    [60e9, '1m0s'],
    [3600e9, '1h0m0s'],
    [3661.25e9, '1h1m1.25s'],
    [-5e9, '-5s'],
  ])('%d is %s', (ns, text) => {
    expect(goDuration(ns)).toBe(text);
  });
});
