import { renameSync, writeFileSync } from 'node:fs';
import { BuildError } from '../errors.ts';
import { checkDestinations } from '../exporter/index.ts';
import { type BuildState, renderReport } from '../progress/index.ts';

/** Refuses a report whose form is not known, before anything is built. */
export function assertReportNames(files: readonly string[]): void {
  for (const file of files) {
    if (file.endsWith('.md'))
      throw new BuildError('not-supported-yet', '--report FILE.md is not built yet', {
        hint: 'use --report FILE.json',
      });
    if (!file.endsWith('.json'))
      throw new BuildError('usage', `--report ${JSON.stringify(file)}: its form is told by its ending`, {
        hint: 'name it FILE.json',
      });
  }
}

/** Whether they can be written, as far as can be told before anything is built. @throws BuildError output-failed */
export function checkReports(files: readonly string[]): Promise<void> {
  return checkDestinations(files.map((dest) => ({ type: 'oci', dest })));
}

/** Writes each report whole or not at all. */
export function writeReports(files: readonly string[], state: BuildState): void {
  for (const file of files)
    writeWhole(file, { what: 'report', text: `${JSON.stringify(renderReport(state), null, 2)}\n` });
}

/** @throws BuildError output-failed, with nothing half written */
export function writeWhole(file: string, { what, text }: { readonly what: string; readonly text: string }): void {
  const temp = `${file}.tmp-${process.pid}`;
  try {
    writeFileSync(temp, text);
    renameSync(temp, file);
  } catch (error) {
    throw new BuildError('output-failed', `the ${what} ${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
