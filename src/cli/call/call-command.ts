import type { BuildOptions } from '../../build-options.ts';
import { check, outline, targets } from '../../check.ts';
import { writeMetadata } from '../../session/side-files.ts';
import { buildOptions } from '../build-flags/options.ts';
import type { BuildFlags } from '../build-flags/parse.ts';
import type { CliContext } from '../context.ts';
import { writeStdout } from '../streams.ts';
import { checkText } from './check-text.ts';
import { checkJson, outlineJson, targetsJson } from './json.ts';
import type { Call } from './parse-call.ts';
import { outlineText, targetsText } from './tables.ts';

/** `tsbuild --call …`: prints what is asked for on stdout. 1 when a check found something. */
export async function callCommand(call: Call, flags: BuildFlags, context: CliContext): Promise<number> {
  const { signal } = context;
  const options = buildOptions(flags, context);
  const isJson = call.format === 'json';
  if (call.method === 'check') return checkCommand(call, options, context);
  if (call.method === 'outline') {
    const result = await outline(options, { signal });
    const json = outlineJson(result);
    tellMetadata(json, options);
    await writeStdout(isJson ? jsonText(json) : outlineText(result.outline));
  } else {
    const result = await targets(options, { signal });
    const json = targetsJson(result);
    tellMetadata(json, options);
    await writeStdout(isJson ? jsonText(json) : targetsText(result.targets));
  }
  return 0;
}

/** @throws BuildError what the check came upon, after everything else is printed. */
async function checkCommand(
  { format, ignoresStatus }: Call,
  options: BuildOptions,
  context: CliContext,
): Promise<number> {
  const result = await check(options, { signal: context.signal });
  const json = checkJson(result);
  tellMetadata(json, options);
  await writeStdout(format === 'json' ? jsonText(json) : checkText(result));
  if (result.error !== undefined) throw result.error;
  return result.diagnostics.length > 0 && !ignoresStatus ? 1 : 0;
}

/** `--metadata-file`: the result, whatever form is printed. @throws BuildError output-failed */
function tellMetadata(json: object, { metadataFile }: BuildOptions): void {
  if (metadataFile !== undefined) writeMetadata(metadataFile, { 'result.json': json });
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
