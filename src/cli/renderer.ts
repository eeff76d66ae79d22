import { BuildError } from '../errors.ts';
import type { Renderer } from '../progress/index.ts';
import type { BuildFlags } from './build-flags/parse.ts';
import { isQuiet } from './build-flags/quiet.ts';
import { type CliContext, useColor } from './context.ts';
import { stderr } from './streams.ts';
import { suspendable } from './suspend.ts';
import { oneOf } from './values.ts';

const MODES = ['auto', 'tty', 'plain', 'rawjson', 'quiet', 'none'] as const;

type Mode = (typeof MODES)[number];

/** `--quiet`, `--progress`, else or with `auto` $BUILDKIT_PROGRESS. @throws BuildError usage */
export function progressMode(flags: Pick<BuildFlags, 'quiet' | 'progress'>, { env }: Pick<CliContext, 'env'>): Mode {
  const { progress } = flags;
  if (isQuiet(flags)) return 'quiet';
  if (progress !== undefined && progress !== 'auto') return oneOf('--progress', progress, MODES);
  const named = env['BUILDKIT_PROGRESS'] ?? '';
  return named === '' ? 'auto' : oneOf('BUILDKIT_PROGRESS', named, MODES);
}

/** A renderer on stderr; `auto` is tty on a terminal that can move its cursor and is not CI's, plain elsewhere. */
export async function openRenderer(mode: Mode, context: CliContext): Promise<Renderer> {
  if (mode === 'quiet' || mode === 'none') return (await import('../progress/render/quiet.ts')).makeQuietRenderer();
  const stream = stderr();
  const isTTY = stream.isTTY;
  const color = useColor(context, isTTY);
  const target = { write: (text: string) => void stream.write(text), columns: stream.columns ?? 80, color };
  switch (mode) {
    case 'auto':
      return openRenderer(isTTY && isLively(context.env) ? 'tty' : 'plain', context);
    case 'tty':
      if (!isTTY)
        throw new BuildError('usage', '--progress=tty needs a terminal on stderr', { hint: 'use --progress=plain' });
      return suspendable((await import('../progress/render/tty.ts')).makeTtyRenderer({ stream, color }));
    case 'plain':
      return (await import('../progress/render/plain.ts')).makePlainRenderer(target);
    case 'rawjson':
      return (await import('../progress/render/rawjson.ts')).makeRawJsonRenderer(target);
  }
}

function isLively(env: CliContext['env']): boolean {
  return (env['CI'] ?? '') === '' && env['TERM'] !== 'dumb';
}
