import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess, until } from './cli.ts';
import { freePort } from './ports.ts';

export interface TestRegistry extends AsyncDisposable {
  readonly host: string;
}

/** Debian's docker-registry over plain http, its files below `dir`. */
export async function startRegistry(dir: string): Promise<TestRegistry> {
  const host = `127.0.0.1:${String(await freePort())}`;
  const config = join(dir, 'registry.yml');
  const data = join(dir, 'registry');
  mkdirSync(data);
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${data}}}\nhttp: {addr: "${host}"}\n`,
  );
  const server = startProcess(['docker-registry', 'serve', config]);
  const answers = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      (response) => response.ok,
      () => false,
    );
  await until(`the registry answers\n${server.output()}`, answers, { withinMs: 20_000 });
  return {
    host,
    [Symbol.asyncDispose]: async () => {
      server.child.kill();
      await server.finished;
    },
  };
}
