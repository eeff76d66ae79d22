import type { BuildReader } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { explainBuild } from '../../explain/index.ts';
import { findStep, type StoredBuild } from '../../progress/index.ts';
import { nowMs } from '../../util/clock.ts';
import type { CliContext } from '../context.ts';
import { parseCommand } from '../parse-command.ts';
import { findBuild, openReader, readable } from '../stored-builds.ts';
import { stdout, writeStdout } from '../streams.ts';
import { oneOf } from '../values.ts';
import { explainJson } from './json.ts';
import { buildText } from './list.ts';
import { stepText } from './step.ts';

interface ExplainFlags {
  readonly root?: string;
  readonly build?: string;
  readonly against?: string;
  readonly format?: string;
}

/** `tsbuild explain [STEP]`: why the steps of a stored build hit or missed, and how two builds differ. */
export async function explainCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<ExplainFlags>(
    {
      name: 'explain',
      usage: '[STEP] [options]',
      description:
        'Says of each step of the latest build why it hit or missed; of one STEP, everything that is known. STEP is an id or number (s4, 4), a place (build/2), or a piece of its text that no other step has.',
      options: [
        ['--build <build>', 'another build than the latest: an ID of tsbuild history, which may be shortened'],
        ['--against <build>', 'how the build differs from this earlier one'],
        ['--root <dir>', 'state directory'],
        ['--format <format>', 'text or json'],
      ],
    },
    argv,
  );
  if (words.length > 1)
    throw new BuildError('usage', `one step is expected, ${words.length} words were given: ${words.join(' ')}`, {
      hint: 'quote a step\'s text, e.g. tsbuild explain "npm ci"',
    });
  const isJson = oneOf('--format', flags.format ?? 'text', ['text', 'json']) === 'json';
  const { builds, records } = openReader(flags.root, context);
  const { build, against } = chosenBuilds(builds, flags);
  const explained = explainBuild(build, { records, against });
  const [word] = words;
  const step = word === undefined ? undefined : findStep(explained.steps, word);
  const shown = { build, against, steps: step === undefined ? explained.steps : [step], gone: explained.gone };
  if (isJson) await writeStdout(explainJson(step === undefined ? shown : { ...shown, gone: [] }));
  else {
    const view = { columns: Math.max(MIN_COLUMNS, stdout().columns ?? COLUMNS), now: nowMs() };
    const lines = step === undefined ? buildText(shown, view) : stepText(step, { build, against }, view);
    await writeStdout(lines.map((line) => `${line.trimEnd()}\n`).join(''));
  }
  return 0;
}

/** Of what is not a terminal. */
const COLUMNS = 80;
/** Narrower terminals wrap the lines themselves. */
const MIN_COLUMNS = 60;

/** Without `--build` the latest one: of the same Dockerfile and context as `--against`, where that is given. */
function chosenBuilds(
  builds: BuildReader,
  flags: ExplainFlags,
): { build: StoredBuild; against: StoredBuild | undefined } {
  const against = flags.against === undefined ? undefined : findBuild(builds, flags.against);
  if (against === undefined || flags.build !== undefined) return { build: findBuild(builds, flags.build), against };
  for (const build of readable(builds)) {
    if (build.id === against.id) break;
    if (build.place === against.place) return { build, against };
  }
  throw new BuildError('build-unknown', `${against.id} is the latest build of ${against.file} in ${against.context}`, {
    hint: 'give --against an earlier build, or name both: --build ID --against ID',
  });
}
