import { describe, expect, test } from 'vitest';
import { OutputLines } from '../../src/progress/render/output-lines.ts';
import { clip, padEnd, textWidth } from '../../src/progress/render/width.ts';
import { durationText, sizeText } from '../../src/progress/render/words.ts';

describe('width', () => {
  test.each([
    ['plain text', 10],
    ['größe', 5],
    ['日本語', 6],
    ['한국', 4],
    ['👩‍👩‍👧 family', 9],
    ['e\u0301', 1],
    ['\u200b', 0],
    ['✔ done', 6],
    ['❤️', 2],
    ['…', 1],
  ])('%j', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test('what is cut has no half of a wide character', () => {
    expect(clip('日本語です', 6)).toBe('日本…');
    expect(clip('日本語です', 10)).toBe('日本語です');
    expect(clip('abc', 0)).toBe('');
  });

  test('columns line up', () => {
    expect(textWidth(padEnd('日本', 10))).toBe(10);
    expect(padEnd('longer', 2)).toBe('longer');
  });
});

test.each([
  [0, '0.0 s'],
  [9949, '9.9 s'],
  [9950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min 0 s'],
  [119_499, '1 min 59 s'],
  [119_600, '2 min 0 s'],
  [185_000, '3 min 5 s'],
])('%d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [68_200_000, '68.2 MB'],
  [5e15, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

describe('output', () => {
  test('a character that comes in two pieces is one', () => {
    const lines = new OutputLines();
    const bytes = Buffer.from('größe\n');
    expect(lines.add('stdout', bytes.subarray(0, 3))).toEqual([]);
    expect(lines.add('stdout', bytes.subarray(3))).toEqual(['größe']);
  });

  test('streams do not mix within a line', () => {
    const lines = new OutputLines();
    lines.add('stdout', Buffer.from('half '));
    expect(lines.add('stderr', Buffer.from('error\n'))).toEqual(['error']);
    expect(lines.unfinished()).toEqual(['half ']);
    expect(lines.end()).toEqual(['half ']);
    expect(lines.end()).toEqual([]);
  });

  test('of a line that is written over, the last state counts', () => {
    const lines = new OutputLines();
    expect(lines.add('stdout', Buffer.from('10 %\r50 %\r100 %\r\n'))).toEqual(['100 %']);
    lines.add('stdout', Buffer.from('1\r2\r'));
    expect(lines.unfinished()).toEqual(['2']);
  });

  test('a line without end is given out in pieces', () => {
    const lines = new OutputLines();
    const pieces = lines.add('stdout', Buffer.alloc(100_000, 'x'));
    expect(pieces.join('')).toHaveLength(100_000);
    expect(lines.end()).toEqual([]);
  });
});
