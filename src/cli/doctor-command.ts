import { resolve } from 'node:path';
import { diagnose, type Finding } from '../session/doctor.ts';
import type { CliContext } from './context.ts';
import { rootDirectory } from './environment.ts';
import { assertNoWords, type CommandForm, parseCommand } from './parse-command.ts';
import { writeStdout } from './streams.ts';
import { lowerChoice, oneOf } from './values.ts';
import { workerScript } from './worker-script.ts';

/** `tsbuild doctor`: what works on this machine, and the one command that mends what does not. 1 if a build could not run. */
export async function doctorCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<DoctorFlags>(FORM, argv);
  assertNoWords(words, 'doctor');
  const format = oneOf('--format', flags.format ?? 'text', ['text', 'json']);
  const rootDir = resolve(context.cwd, rootDirectory(flags.root, context.env));
  const findings = await diagnose(
    {
      ...{ rootDir, env: context.env, runtime: flags.ociRuntime, workerScript: workerScript() },
      lower: flags.lower === undefined ? undefined : lowerChoice(flags.lower),
    },
    { signal: context.signal },
  );
  await writeStdout(
    format === 'json' ? `${JSON.stringify({ findings }, null, 2)}\n` : findings.map(findingText).join(''),
  );
  return findings.some((finding) => finding.state === 'broken') ? 1 : 0;
}

const MARKS: Record<Finding['state'], string> = { works: '✔', limited: '!', broken: '✘' };

function findingText({ state, name, detail, fix }: Finding): string {
  const line = ` ${MARKS[state]} ${name.padEnd(18)} ${detail}\n`;
  return fix === undefined ? line : `${line}${' '.repeat(22)}mend it: ${fix}\n`;
}

interface DoctorFlags {
  readonly root?: string;
  readonly format?: string;
  readonly ociRuntime?: string;
  readonly lower?: string;
}

const FORM: CommandForm = {
  name: 'doctor',
  usage: '[options]',
  description: 'Says what this machine can build, and how to mend what it cannot.',
  options: [
    ['--root <dir>', 'state directory'],
    ['--format <format>', 'text or json'],
    ['--oci-runtime <path>', 'runtime to use instead of runc'],
    ['--lower <maker>', 'how layers become file systems: auto, erofs, directory or copy'],
  ],
};
