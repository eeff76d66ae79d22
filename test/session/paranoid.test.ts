import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../../src/build-options.ts';
import { openContexts } from '../../src/session/contexts.ts';
import { relPath } from '../../src/util/rel-path.ts';
import { fakeStatIndex } from '../rig/stat-index.ts';
import { sessionRig } from './rig.ts';

test('--paranoid believes no digest that was remembered, and remembers those it makes', async () => {
  const { root, dir } = await sessionRig();
  const context = join(dir, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\n');
  writeFileSync(join(context, 'file'), 'true content');
  const kept: string[] = [];
  const index = fakeStatIndex({ get: () => digestOf('a lie'), put: (_stat, digest) => void kept.push(digest) });
  const lying = { ...index, save: () => undefined };
  const digest = async (isParanoid: boolean) => {
    const options = { context, cwd: dir, contexts: new Map(), tags: [], isParanoid } as unknown as BuildOptions;
    const { signal } = new AbortController();
    await using contexts = await openContexts(options, { root: liesIn(root, lying), signal });
    const tree = await contexts.open('');
    const entry = tree.lookup(relPath('file'));
    expect(tree.numbered?.states?.(10) === undefined).toBe(isParanoid);
    return entry === undefined ? undefined : tree.digest(entry);
  };
  expect(await digest(false)).toBe(digestOf('a lie'));
  expect(await digest(true)).toBe(digestOf('true content'));
  expect(kept).toEqual([digestOf('true content')]);
});

function liesIn(root: Root, index: object): Root {
  return new Proxy(root, { get: (real, key) => (key === 'stat' ? () => index : (Reflect.get(real, key) as unknown)) });
}
