import { startWorker } from '../../src/worker/client/index.ts';
import type { LowerChoice, RunRequest } from '../../src/worker/protocol.ts';

// A front of its own, to be killed or to be an ordinary user: runs requests and writes what came of them, a JSON line each.
interface Order {
  readonly root: string;
  readonly script: string;
  readonly path: string;
  readonly lower?: LowerChoice;
  readonly requests: readonly RunRequest[];
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const { signal } = new AbortController();

try {
  const worker = await startWorker({
    rootDir: order.root,
    scriptPath: order.script,
    env: { PATH: order.path },
    lower: order.lower,
    onWarning: (warning) => say({ warning }),
    onNote: (note) => say({ note }),
  });
  say({ pid: worker.pid, probe: await worker.probe() });
  for (const request of order.requests) {
    const onOutput = (stream: string, data: Uint8Array): void =>
      say({ stream, text: Buffer.from(data).toString('utf8') });
    say({ reply: await worker.run(request, { signal, onOutput }) });
  }
  await worker[Symbol.asyncDispose]();
} catch (error) {
  const { code, message, hint } = error as { code?: string; message: string; hint?: string };
  say({ error: { code, message, hint } });
  process.exit(1);
}
