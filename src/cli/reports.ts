import { appendFileSync, statSync } from 'node:fs';
import { BuildError } from '../errors.ts';
import { checkDestinations, writeText } from '../exporter/index.ts';
import { type BuildState, type FailureTails, renderMarkdown, renderReport } from '../progress/index.ts';
import type { CliContext } from './context.ts';

/** What GitHub takes as the summary of a step. */
export const MAX_MARKDOWN = 1024 * 1024;
/** Less says nothing. */
const MIN_MARKDOWN = 2048;

/** Refuses a report whose form is not known, before anything is built. */
export function assertReportNames(files: readonly string[]): void {
  for (const file of files)
    if (!/\.(json|md)$/.test(file))
      throw new BuildError('usage', `--report ${JSON.stringify(file)}: its form is told by its ending`, {
        hint: 'name it FILE.json or FILE.md',
      });
}

/** Whether they can be written, as far as can be told before anything is built. @throws BuildError output-failed */
export function checkReports(files: readonly string[]): void {
  checkDestinations(files.map((dest) => ({ type: 'oci', dest })));
}

/** Whether a page for people is wanted, which has what failed steps said last. */
export function asksForPage(files: readonly string[], env: CliContext['env']): boolean {
  return files.some(isPage) || jobSummary(env) !== '';
}

function isPage(file: string): boolean {
  return file.endsWith('.md');
}

function jobSummary(env: CliContext['env']): string {
  return env['GITHUB_STEP_SUMMARY'] ?? '';
}

/** Writes each report whole or not at all. @throws BuildError output-failed, disk-full */
export function writeReports(files: readonly string[], told: Told): void {
  for (const file of files) writeText(file, reportText(file, told));
}

/** What reports are made of. */
export interface Told {
  readonly state: BuildState;
  /** For pages. */
  readonly tails: FailureTails['lines'];
}

function reportText(file: string, { state, tails }: Told): string {
  return isPage(file)
    ? renderMarkdown(state, { maxBytes: MAX_MARKDOWN, tails })
    : `${JSON.stringify(renderReport(state), null, 2)}\n`;
}

/**
 * Adds the report to the summary of the CI job, where there is one: the file that GITHUB_STEP_SUMMARY names. What cannot be
 * written is a warning.
 */
export function addToJobSummary(
  { state, tails }: Told,
  { env, warn }: Pick<CliContext, 'env'> & { readonly warn: (message: string) => void },
): void {
  const file = jobSummary(env);
  if (file === '') return;
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const maxBytes = MAX_MARKDOWN - size - 1;
    if (maxBytes < MIN_MARKDOWN) warn(`the job summary is full: ${file} has ${size} bytes`);
    else appendFileSync(file, `${size === 0 ? '' : '\n'}${renderMarkdown(state, { maxBytes, tails })}`);
  } catch (error) {
    warn(`the job summary cannot be written: ${(error as Error).message}`);
  }
}
