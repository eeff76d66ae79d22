import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startWorker } from '../../src/worker/client/index.ts';
import { pathWithout } from '../rig/path-without.ts';
import { PATH, WorkerRig } from './rig.ts';

const nets = (): string =>
  execFileSync('ip', ['link'])
    .toString()
    .replaceAll(/ifindex \d+|if\d+/g, '');

test.each([
  ['slirp4netns', 'pasta'],
  ['pasta', 'slirp4netns'],
])('a RUN behind %s reaches the host, but not its loopback; nothing is left of it', async (program, other) => {
  await using rig = await WorkerRig.setup();
  const server = createServer((_, response) => response.end('hello')).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  const before = nets();
  {
    const searchPath = pathWithout(rig.dir, PATH, [other]);
    const options = { rootDir: rig.root, scriptPath: rig.script, env: { PATH: searchPath } };
    await using worker = await startWorker({
      ...options,
      onWarning: () => undefined,
      onNote: (note) => rig.notes.push(note),
    });
    expect((await worker.probe()).networkPrograms).toEqual([program]);
    const get = (host: string): string =>
      `(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | /bin/busybox nc -w 2 ${host} ${String(port)} | grep -o hello`;
    const reached = ['127.0.0.1', '10.0.2.2'].map((host) => `${get(host)} 2>/dev/null && echo reached ${host}`);
    const script = `ip link show eth0 > /dev/null && ${get(String(address))} && { ${reached.join('; ')}; true; }`;
    let said = '';
    const onOutput = (stream: string, data: Uint8Array): void => {
      if (stream === 'stdout') said += Buffer.from(data).toString();
    };
    for (let round = 0; round < 2; round += 1) {
      const request = rig.request([rig.busybox()], script, { network: 'default', limits: { timeoutMs: 30_000 } });
      expect(await worker.run(request, { signal: new AbortController().signal, onOutput })).toMatchObject({
        exitCode: 0,
      });
    }
    expect(said).toBe('hello\nhello\n');
  }
  server.close();
  expect(rig.notes.filter((note) => note.includes('network'))).toEqual([]);
  expect(nets()).toBe(before);
  expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(join(rig.root, 'run', 'net'));
});
