import { expect, test } from 'vitest';
import { workingDirectory } from '../../src/cli/working-directory.ts';

test('a working directory that was removed is an error in words', () => {
  const gone = Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT' });
  const ask = (): string => {
    throw gone;
  };
  expect(() => workingDirectory(ask)).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2, cause: gone }));
  expect(workingDirectory(() => '/work')).toBe('/work');
});
