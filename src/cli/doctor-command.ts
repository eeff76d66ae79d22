import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { BuildError } from '../errors.ts';
import { diagnose, type Finding } from '../session/doctor.ts';
import type { CliContext } from './context.ts';
import { rootDirectory } from './environment.ts';
import { writeStdout } from './stdout.ts';
import { lowerChoice, oneOf } from './values.ts';
import { workerScript } from './worker-script.ts';

/** `tsbuild doctor`: what works on this machine, and the one command that mends what does not. 1 if a build could not run. */
export async function doctorCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const flags = parse(argv);
  if (flags === 'shown') return 0;
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

function parse(argv: readonly string[]): DoctorFlags | 'shown' {
  const command = new Command('tsbuild doctor')
    .description('Says what this machine can build, and how to mend what it cannot.')
    .option('--root <dir>', 'state directory')
    .option('--format <format>', 'text or json')
    .option('--oci-runtime <path>', 'runtime to use instead of runc')
    .option('--lower <maker>', 'how layers become file systems: auto, erofs, directory or copy')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 'shown';
    throw new BuildError('usage', error.message.replace(/^error: /, ''), { hint: 'see tsbuild doctor --help' });
  }
  if (command.args.length > 0)
    throw new BuildError('usage', `tsbuild doctor takes no words: ${command.args.join(' ')}`);
  return command.opts<DoctorFlags>();
}
