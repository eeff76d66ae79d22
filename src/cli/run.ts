import { BuildError } from '../errors.ts';
import { COMMANDS, findCommand, meantCommand } from './commands.ts';
import { type CliContext, useColor } from './context.ts';
import { HelpAsked } from './help-asked.ts';
import { renderError } from './render-error.ts';
import { stderr, writeStdout } from './streams.ts';
import { VERSION } from './version.ts';

/** Told without loading anything else. */
const VERSION_WORDS: ReadonlySet<string> = new Set(['--version', '-v', 'version']);

/** Runs one command line and returns its exit status; messages go to stderr, what was asked for to stdout. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    if (VERSION_WORDS.has(argv.join(' '))) {
      await writeStdout(`${VERSION}\n`);
      return 0;
    }
    return await runCommand(argv, context);
  } catch (error) {
    if (error instanceof BuildError) {
      stderr().write(renderError(error, { color: useColor(context, stderr().isTTY), columns: stderr().columns }));
      return error.exitCode;
    }
    stderr().write(
      `internal error, please report it: ${error instanceof Error ? describe(error, context) : String(error)}\n`,
    );
    return 1;
  }
}

async function runCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { name, rest } = findCommand(argv);
  const command = await COMMANDS[name].load();
  try {
    return await command(rest, context);
  } catch (error) {
    if (!(error instanceof HelpAsked)) throw await withMeantCommand(error, argv);
    await writeStdout(error.text);
    return 0;
  }
}

/** `tsbuild histroy` is a build context that is not there, and hardly meant as one. */
async function withMeantCommand(error: unknown, argv: readonly string[]): Promise<unknown> {
  if (!(error instanceof BuildError && error.code === 'context-missing')) return error;
  const meant = await meantCommand(argv);
  if (meant === undefined) return error;
  return new BuildError(error.code, error.message, { hint: `did you mean the command ${meant}?`, cause: error });
}

/** The stack only for those who ask for it. */
function describe(error: Error, { env }: CliContext): string {
  return env['TSBUILD_DEBUG'] === undefined ? error.message : (error.stack ?? error.message);
}
