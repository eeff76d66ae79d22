import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import { openContexts } from '../../src/session/contexts.ts';
import { defaultFile, outputsOf, sideFilesOf } from '../../src/session/outputs.ts';
import { removeStaleFiles } from '../../src/session/side-files.ts';
import { unpackStream } from '../../src/session/stdin.ts';
import { relPath } from '../../src/util/rel-path.ts';
import { output } from '../rig/cli.ts';
import { makeTar } from '../sources/context/make-tar.ts';
import { sessionRig } from './rig.ts';

const signal = new AbortController().signal;

describe('outputs', () => {
  test.each([
    ['node-app:1.0', 'node-app-1.0.tar'],
    ['ghcr.io/o/app', 'app-latest.tar'],
    ['localhost:5000/app', 'app-latest.tar'],
    ['localhost:5000/app:2', 'app-2.tar'],
    [`app@${digestOf('x')}`, 'app-latest.tar'],
  ])('%s is written to %s', (tag, file) => {
    expect(defaultFile(tag)).toBe(file);
  });

  test('nothing without a tag; -o replaces the default, and its paths are of the current directory', async () => {
    const { options, dir } = await sessionRig();
    expect(outputsOf(options())).toEqual([]);
    expect(outputsOf(options({ tags: ['a:1', 'b'] }))).toEqual([{ type: 'oci', dest: join(dir, 'a-1.tar') }]);
    const outputs = [{ type: 'oci', dest: 'x.tar' } as const, { type: 'docker', dest: '-' } as const];
    expect(outputsOf(options({ tags: ['a'], outputs })).map(({ dest }) => dest)).toEqual([join(dir, 'x.tar'), '-']);
    const sideFiles = sideFilesOf(options({ iidFile: 'i', metadataFile: '/m' }));
    expect(sideFiles.map(({ dest }) => dest)).toEqual([join(dir, 'i'), '/m']);
  });

  test('files of an earlier build go before this one; what is no plain file stays', async () => {
    const { options, dir, write } = await sessionRig();
    write({ iid: 'old', target: 'kept' });
    symlinkSync('target', join(dir, 'link'));
    removeStaleFiles(options({ iidFile: join(dir, 'iid'), metadataFile: join(dir, 'link') }));
    expect(lstatSync(join(dir, 'iid'), { throwIfNoEntry: false })).toBeUndefined();
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
  });
});

describe('the build context', () => {
  const namesOf = async (contexts: Awaited<ReturnType<typeof openContexts>>, name = '') => {
    const tree = await contexts.open(name);
    return tree.list(relPath(''));
  };

  test('its Dockerfile, its ignore file, and nothing that this build writes', async () => {
    const { options, root, write } = await sessionRig();
    write({
      'context/Dockerfile': 'FROM scratch\n',
      'context/.dockerignore': '# no logs\n*.log\n!keep.log\n',
      'context/a.log': '',
      'context/keep.log': '',
      'context/out.tar': 'of the build before',
      'context/..iid': 'of the build before',
    });
    const told = options({ outputs: [{ type: 'oci', dest: 'context/out.tar' }], iidFile: 'context/..iid' });
    await using contexts = await openContexts(told, { root, signal });
    expect(contexts.dockerfile).toMatchObject({ file: 'Dockerfile' });
    expect(contexts.ignoreRules).toMatchObject([
      { pattern: '*.log', line: 2 },
      { pattern: '!keep.log', line: 3 },
    ]);
    expect(await namesOf(contexts)).toEqual(['.dockerignore', 'Dockerfile', 'keep.log']);
    expect(await contexts.open('')).toBe(await contexts.open(''));
  });

  test('a root that lies in the context is no part of it; one that is the context is read', async () => {
    const { options, root, write } = await sessionRig();
    write({ Dockerfile: 'FROM scratch\n', 'other-root/x': '' });
    await using around = await openContexts(options({ context: '.' }), { root, signal });
    expect(await namesOf(around)).toEqual(['Dockerfile', 'other-root']);
    await using itself = await openContexts(options({ context: 'root', file: 'Dockerfile' }), { root, signal });
    expect(await namesOf(itself)).toContain('leases');
  });

  test('a lower-case dockerfile is found; -f is looked for here, then in the context', async () => {
    const { options, root, write } = await sessionRig();
    write({ 'context/dockerfile': 'FROM lower', 'context/inside': 'FROM inside', here: 'FROM here' });
    write({ 'sub/dockerfile': 'FROM sub', 'both/dockerfile': 'FROM lower', 'both/Dockerfile': 'FROM upper' });
    const textOf = async (file?: string) => {
      await using contexts = await openContexts(options({ file }), { root, signal });
      return Buffer.from(contexts.dockerfile.text).toString();
    };
    expect(await textOf()).toBe('FROM lower');
    expect(await textOf('inside')).toBe('FROM inside');
    expect(await textOf('here')).toBe('FROM here');
    expect(await textOf('Dockerfile')).toBe('FROM lower');
    expect(await textOf('sub/Dockerfile')).toBe('FROM sub');
    expect(await textOf('both/Dockerfile')).toBe('FROM upper');
    await expect(textOf('sub/dockerfilE')).rejects.toMatchObject({ code: 'dockerfile-missing' });
    await expect(textOf('nowhere')).rejects.toMatchObject({ code: 'dockerfile-missing' });
  });

  test('a Dockerfile that is a link is followed within the directory that it lies in, and nowhere else', async () => {
    const { options, root, write, dir } = await sessionRig();
    write({ 'context/sub/a': 'FROM sub', 'context/dockerfile': 'FROM lower', outside: 'FROM outside' });
    const read = async (target: string, file?: string) => {
      rmSync(join(dir, 'context', file ?? 'Dockerfile'), { force: true });
      symlinkSync(target, join(dir, 'context', file ?? 'Dockerfile'));
      await using contexts = await openContexts(options({ file }), { root, signal });
      return Buffer.from(contexts.dockerfile.text).toString();
    };
    expect(await read('sub/a')).toBe('FROM sub');
    expect(await read('/sub/a', 'link')).toBe('FROM sub');
    await expect(read('../outside', 'link')).rejects.toMatchObject({
      code: 'dockerfile-missing',
      message: 'link cannot be read: a link to what is not in its directory',
    });
    await expect(read(join(dir, 'outside'), 'link')).rejects.toMatchObject({ code: 'dockerfile-missing' });
    expect(await read('../outside')).toBe('FROM lower');
  });

  test('a link to a pipe, as a shell gives it for <(…), is read', async () => {
    const { options, root, write, dir } = await sessionRig();
    write({ 'context/a': '' });
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    symlinkSync('../pipe', join(dir, 'context/63'));
    const writer = spawn('sh', ['-c', 'echo FROM pipe > "$0"', join(dir, 'pipe')]);
    await using contexts = await openContexts(options({ file: '63' }), { root, signal });
    expect(Buffer.from(contexts.dockerfile.text).toString()).toBe('FROM pipe\n');
    await once(writer, 'exit');
  });

  test.each([
    ['missing', 'context-missing'],
    ['file', 'context-missing'],
  ])('%s as the context: %s', async (context, code) => {
    const { options, root, write } = await sessionRig();
    write({ file: '' });
    await expect(openContexts(options({ context }), { root, signal })).rejects.toMatchObject({ code });
  });

  test('one that cannot be looked at is told as such', async () => {
    const { options, root, write } = await sessionRig();
    write({ file: '' });
    await expect(openContexts(options({ context: 'file/below' }), { root, signal })).rejects.toMatchObject({
      code: 'context-missing',
      message: 'the build context file/below does not exist',
    });
    await expect(openContexts(options({ context: 'x'.repeat(300) }), { root, signal })).rejects.toMatchObject({
      code: 'context-missing',
    });
  });

  test('named contexts have ignore files of their own', async () => {
    const { options, root, write } = await sessionRig();
    write({ 'context/Dockerfile': 'FROM scratch', 'lib/.dockerignore': 'b', 'lib/a': '', 'lib/b': '' });
    await using contexts = await openContexts(options({ contexts: new Map([['lib', 'lib']]) }), { root, signal });
    expect(await namesOf(contexts, 'lib')).toEqual(['.dockerignore', 'a']);
  });

  test.each(['gone', 'file', 'file/below', 'x'.repeat(300)])(
    '%s as a named context that no step needs',
    async (value) => {
      const { options, root, write } = await sessionRig();
      write({ 'context/Dockerfile': 'FROM scratch', file: '' });
      const contexts = new Map([['base', value]]);
      await expect(openContexts(options({ contexts }), { root, signal })).rejects.toMatchObject({
        code: 'context-missing',
        message: expect.stringMatching(/^the named context base: /),
      });
    },
  );

  test('named contexts that are images or URLs are no directories', async () => {
    const { options, root, write } = await sessionRig();
    write({ 'context/Dockerfile': 'FROM scratch' });
    const values = ['docker-image://busybox', 'oci-layout:///gone', 'https://127.0.0.1:1/a.tar', 'https://h/r.git'];
    const contexts = new Map(values.map((value, index) => [`c${String(index)}`, value]));
    await using opened = await openContexts(options({ contexts }), { root, signal });
    expect(opened.dockerfile.file).toBe('Dockerfile');
  });
});

describe('standard input', () => {
  const from = (...chunks: (string | Buffer)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

  test('as the Dockerfile, with a directory as the context', async () => {
    const { options, root, write } = await sessionRig();
    write({ 'context/a': '' });
    await using contexts = await openContexts(options({ file: '-', stdin: from('FROM ', 'stdin') }), { root, signal });
    expect(Buffer.from(contexts.dockerfile.text).toString()).toBe('FROM stdin');
  });

  test('as the context: text is a Dockerfile without files', async () => {
    const { options, root } = await sessionRig();
    await using contexts = await openContexts(options({ context: '-', stdin: from('FROM scratch') }), { root, signal });
    expect(contexts.dir).toBe('-');
    expect(Buffer.from(contexts.dockerfile.text).toString()).toBe('FROM scratch');
  });

  test('as the context: a Dockerfile beside that of -f is one too many', async () => {
    const { options, root, write } = await sessionRig();
    write({ x: 'FROM scratch' });
    await expect(
      openContexts(options({ context: '-', file: 'x', stdin: from('FROM scratch') }), { root, signal }),
    ).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('ambiguous Dockerfile source') });
  });

  test('as the context: -f is looked for in the tar, absolute or not, in lower case too', async () => {
    const { options, root, write, dir } = await sessionRig();
    write({ 'tree/sub/dockerfile': 'FROM sub', 'tree/x': 'FROM x' });
    await output(['tar', 'cf', join(dir, 'x.tar'), '-C', join(dir, 'tree'), '.']);
    const textOf = async (file: string) => {
      const stdin = from(readFileSync(join(dir, 'x.tar')));
      await using contexts = await openContexts(options({ context: '-', file, stdin }), { root, signal });
      return Buffer.from(contexts.dockerfile.text).toString();
    };
    expect(await textOf('x')).toBe('FROM x');
    expect(await textOf('/x')).toBe('FROM x');
    expect(await textOf('sub/Dockerfile')).toBe('FROM sub');
  });

  test('as the context: a tar is the files, its ignore file is one of them', async () => {
    const { options, root, write, dir } = await sessionRig();
    write({ 'tree/Dockerfile': 'FROM tar', 'tree/.dockerignore': '*', 'tree/a': 'a' });
    await output(['tar', 'czf', join(dir, 'x.tgz'), '-C', join(dir, 'tree'), '.']);
    const { createReadStream } = await import('node:fs');
    const stdin = createReadStream(join(dir, 'x.tgz'), { highWaterMark: 100 });
    await using contexts = await openContexts(options({ context: '-', stdin }), { root, signal });
    expect(Buffer.from(contexts.dockerfile.text).toString()).toBe('FROM tar');
    expect(contexts.ignoreRules).toEqual([]);
  });

  test('as the context: files of a tar belong to whom it says', async () => {
    const { options, root } = await sessionRig();
    const stdin = from(
      makeTar([
        { path: 'Dockerfile', text: 'FROM tar' },
        { path: 'a', uid: 7, gid: 8 },
      ]),
    );
    await using contexts = await openContexts(options({ context: '-', stdin }), { root, signal });
    expect((await contexts.open('')).lookup(relPath('a'))).toMatchObject({ uid: 7, gid: 8 });
  });

  test('what is refused half way is closed', async () => {
    const { options, root, write, dir } = await sessionRig();
    write({ 'tree/Dockerfile': 'FROM tar' });
    await output(['tar', 'cf', join(dir, 'x.tar'), '-b1', '-C', join(dir, 'tree'), 'Dockerfile']);
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield readFileSync(join(dir, 'x.tar')).subarray(0, 1024);
        for (let count = 0; count < 100; count += 1) yield Buffer.alloc(1024, 'no header');
      } finally {
        isClosed = true;
      }
    }
    await expect(unpackStream(source(), { options: options({ context: '-' }), root, signal })).rejects.toThrow();
    expect(isClosed).toBe(true);
  });

  test('an abort ends the wait for it', async () => {
    const { options, root } = await sessionRig();
    const controller = new AbortController();
    const silent = new Readable({ read: () => undefined });
    const opening = openContexts(options({ context: '-', stdin: silent }), { root, signal: controller.signal });
    controller.abort(new Error('SIGINT'));
    await expect(opening).rejects.toThrow('SIGINT');
  });
});
