import { lstatSync, rmSync } from 'node:fs';
import type { BuildOptions } from '../build-options.ts';
import { writeText } from '../exporter/index.ts';
import { type Diagnostic, describeRule } from '../frontend/index.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { sideFilesOf } from './outputs.ts';
import type { DockerfileSource } from './source.ts';

/** Before a build: a file of an earlier one must not be taken for this one's. */
export function removeStaleFiles(options: BuildOptions): void {
  for (const { dest } of sideFilesOf(options)) {
    // A pipe or /dev/stdout is nobody's to remove.
    if (lstatSync(dest, { throwIfNoEntry: false })?.isFile() === true) rmSync(dest, { force: true });
  }
}

/** @throws BuildError output-failed, disk-full */
export function writeMetadata(file: string, metadata: object): void {
  writeText(
    file,
    `${JSON.stringify(metadata, null, 2)}
`,
  );
}

/** Findings as `buildx.build.warnings` has them: texts in base64, a range for each line. */
export function metadataWarnings(
  diagnostics: readonly Diagnostic[],
  { file, text }: DockerfileSource,
): readonly object[] {
  const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');
  const sourceInfo = { filename: file, data: base64(text), language: 'Dockerfile' };
  return diagnostics.map(({ code, message, range }) => {
    const { description, url } = describeRule(code);
    return {
      level: 1,
      short: base64(`${code}: ${message} (line ${range.startLine})`),
      detail: [base64(description)],
      ...withoutAbsent({ url }),
      sourceInfo,
      range: linesOf(range).map((line) => ({ start: { line }, end: { line } })),
    };
  });
}

function linesOf({ startLine, endLine }: Diagnostic['range']): readonly number[] {
  return Array.from({ length: Math.max(1, endLine - startLine + 1) }, (_, index) => startLine + index);
}
