import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ingestLayer } from '../../src/image/layer/index.ts';
import { unpackContext } from '../../src/sources/context/index.ts';

// Takes an archive through one of the doors, in a process of its own, and says what came of it and how much memory it took.
const [door, dir = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const filter = (): never => {
  throw new Error('a plain tar needs no program');
};

async function takeLayer(): Promise<void> {
  const [tarPath, tocPath] = [join(dir, 'layer.tar'), join(dir, 'layer.toc')];
  await ingestLayer(process.stdin, { compression: 'none', tarPath, tocPath, filter, maxBytes: 1e12, signal });
}

async function takeContext(): Promise<void> {
  const context = join(dir, 'context');
  mkdirSync(context);
  await unpackContext(process.stdin, { dir: context, signal, filter });
}

let outcome = 'taken';
try {
  await (door === 'layer' ? takeLayer() : takeContext());
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  outcome = `${code ?? 'error'}: ${message}`;
}
const peakMB = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ outcome, peakMB }), () => process.exit());
