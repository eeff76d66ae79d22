import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { output, REPOSITORY } from '../rig/cli.ts';
import { tempDir } from '../rig/layers.ts';

/** Runs a program that uses the package. */
async function printed(cwd: string, options: object, onEvent: string): Promise<string> {
  const program = `
    import { buildImage } from ${JSON.stringify(join(REPOSITORY, 'dist/index.mjs'))};
    const { signal } = new AbortController();
    const onEvent = ${onEvent};
    const result = await buildImage(${JSON.stringify(options)}, { signal, onEvent }).then(() => 'built', String);
    console.log(result);`;
  return output([process.execPath, '--input-type=module', '-e', program], { cwd });
}

test.each(['steps-planned', 'step-output', 'build-done'])(
  'what a listener throws at %s is what the build throws',
  async (type) => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'Dockerfile'), `FROM busybox\nRUN echo ${type}\n`);
    const options = { context: dir.path, rootDir: inject('baseRoot') };
    const thrower = `(event) => { if (event.type === '${type}') throw new Error('mine'); }`;
    expect(await printed(dir.path, options, thrower)).toBe('Error: mine\n');
  },
);

test('paths that are not absolute begin at cwd', async () => {
  using dir = tempDir();
  mkdirSync(join(dir.path, 'context'));
  mkdirSync(join(dir.path, 'elsewhere'));
  writeFileSync(join(dir.path, 'context/Dockerfile'), 'FROM scratch\nCOPY . /\n');
  const outputs = [{ type: 'oci', dest: 'image.tar' }];
  const options = { cwd: dir.path, context: 'context', rootDir: 'state', iidFile: 'iid', outputs };
  expect(await printed(join(dir.path, 'elsewhere'), options, '() => undefined')).toBe('built\n');
  expect(readdirSync(dir.path).sort()).toEqual(['context', 'elsewhere', 'iid', 'image.tar', 'state']);
});
