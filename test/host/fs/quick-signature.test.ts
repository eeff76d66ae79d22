import { expect, test } from 'vitest';
import { openQuickSignature } from '../../../src/host/fs/index.ts';

test('xxHash64 with seed 0, as its specification gives it', async () => {
  const sign = await openQuickSignature();
  expect(sign(new Uint8Array())).toBe(0xef46db3751d8e999n);
  expect(sign(Buffer.from('abc'))).toBe(0x44bc2cf5ad770999n);
});
