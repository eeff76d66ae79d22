import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { BuildError } from '../../errors.ts';
import { isFileOutput, type OutputSpec, parseOutput } from '../../exporter/index.ts';
import type { BuildFlags } from './parse.ts';

/** Those of -o, and what --push and --load stand for; undefined when nothing is asked for. @throws BuildError usage, not-supported-yet */
export function outputsOf({ output, push, load, tag }: BuildFlags, cwd: string): readonly OutputSpec[] | undefined {
  const outputs = [
    ...(output ?? []).filter((text) => text !== '').map(parseOutput),
    ...(push === true ? [parseOutput('type=registry')] : []),
    ...(load === true ? [parseOutput('type=docker')] : []),
  ];
  assertPlaces(outputs, { cwd, isTerminal: () => isatty(1) });
  if (tag === undefined && outputs.some(({ type, names }) => type === 'registry' && names === undefined))
    throw new BuildError('usage', 'an image without a name cannot be pushed', {
      hint: 'name it, e.g. -t registry.example/app:1.0',
    });
  return outputs.length === 0 ? undefined : outputs;
}

interface Surroundings {
  readonly cwd: string;
  readonly isTerminal: () => boolean;
}

/** Each file has a name of its own, and nobody's terminal is written full. @throws BuildError usage */
export function assertPlaces(outputs: readonly OutputSpec[], { cwd, isTerminal }: Surroundings): void {
  const written = outputs.filter((output) => isFileOutput(output) && output.tar !== false);
  const places = written.map(({ dest }) => (dest === '-' ? dest : resolve(cwd, dest)));
  const twice = written.find((_, index) => places.indexOf(places[index] ?? '') < index);
  if (twice !== undefined)
    throw new BuildError('usage', `two outputs are to be written to ${twice.dest === '-' ? 'stdout' : twice.dest}`, {
      hint: 'give each output a dest of its own',
    });
  const shown = written.find(({ dest }) => dest === '-');
  if (shown !== undefined && isTerminal())
    throw new BuildError('usage', `type=${shown.type} has no dest, and stdout is a terminal`, {
      hint: `write type=${shown.type},dest=FILE, or send stdout to a file or a pipe`,
    });
}
