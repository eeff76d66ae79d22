import { BuildError } from '../errors.ts';
import type { Renderer } from '../progress/index.ts';
import { type CliContext, useColor } from './context.ts';

const MODES = ['auto', 'tty', 'plain', 'rawjson', 'quiet'] as const;

/** A renderer on stderr; `auto` is tty on a terminal that is not CI's, plain elsewhere. */
export async function openRenderer(mode: string, context: CliContext): Promise<Renderer> {
  const stream = process.stderr;
  const isTTY = stream.isTTY;
  const color = useColor(context, isTTY);
  const target = { write: (text: string) => void stream.write(text), columns: stream.columns ?? 80, color };
  switch (MODES.find((one) => one === mode)) {
    case 'auto':
      return isTTY && (context.env['CI'] ?? '') === '' ? openRenderer('tty', context) : openRenderer('plain', context);
    case 'tty':
      if (!isTTY)
        throw new BuildError('usage', '--progress=tty needs a terminal on stderr', { hint: 'use --progress=plain' });
      return (await import('../progress/render/tty.ts')).makeTtyRenderer({ stream, color });
    case 'plain':
      return (await import('../progress/render/plain.ts')).makePlainRenderer(target);
    case 'rawjson':
      return (await import('../progress/render/rawjson.ts')).makeRawJsonRenderer(target);
    case 'quiet':
      return (await import('../progress/render/quiet.ts')).makeQuietRenderer();
    case undefined:
      throw new BuildError('usage', `--progress ${JSON.stringify(mode)} is not understood`, {
        hint: `it takes ${MODES.join(', ')}`,
      });
  }
}
