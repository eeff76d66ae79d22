import {
  formatPlatform,
  normalisePlatform,
  normaliseReference,
  type Platform,
  parsePlatform,
} from '../../image/oci/index.ts';
import type { FromInstruction } from '../ast.ts';
import { type Findings, wholeFile } from '../checks/index.ts';
import type { BuildEnv } from '../config/index.ts';
import type { ResolvedImage } from '../resolver.ts';
import type { RecordingExpander } from './expander.ts';
import { nearest } from './names.ts';

export interface FromContext {
  readonly globals: BuildEnv;
  /** The names of all ARGs above the first FROM, those without a value too. */
  readonly declared: ReadonlySet<string>;
  readonly findings: Findings;
}

/** @param unset names that FROM asks for and that have no value */
export function reportUndeclared(
  from: FromInstruction,
  unset: Iterable<string>,
  { globals, declared, findings }: FromContext,
): void {
  for (const name of unset) {
    if (declared.has(name)) continue;
    const meant = nearest(name, [...declared, ...globals.names()]);
    const message = `FROM argument '${name}' is not declared${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    findings.add('UndefinedArgInFrom', message, from);
  }
}

const TARGET = 'TARGETPLATFORM';

/** @param platform as written, and as expanded by `expand`, which expanded nothing else */
export function reportPlatformFlag(
  from: FromInstruction,
  { written, expanded, expand }: { written: string; expanded: string; expand: RecordingExpander },
  { globals, findings }: FromContext,
): void {
  const { used, unset } = expand;
  if (used.size === 1 && unset.size === 0 && used.has(TARGET) && expanded === globals.get(TARGET)) {
    const message = `Setting platform to predefined ${written} in FROM is redundant as this is the default behavior`;
    findings.add('RedundantTargetPlatform', message, from);
  }
  if (used.size > 0 || !isPlatformOfOther(expanded, from.as?.text.toLowerCase() ?? '')) return;
  const message = `FROM --platform flag should not use constant value "${expanded}"`;
  findings.add('FromPlatformFlagConstDisallowed', message, from);
}

/** @param image as expanded with the defaults alone */
export function reportDefault(from: FromInstruction, image: string, findings: Findings): void {
  try {
    normaliseReference(image);
  } catch {
    const message = `Default value for ARG ${from.image.text} results in empty or invalid base image name`;
    findings.add('InvalidDefaultArgInFrom', message, wholeFile(from));
  }
}

export function reportPlatform(
  from: FromInstruction,
  { image, platform, name }: { image: ResolvedImage; platform: Platform; name: string },
  findings: Findings,
): void {
  const { os, architecture, variant } = image.config;
  if (os === platform.os && architecture === platform.architecture) return;
  const pulled = formatPlatform(normalisePlatform({ os, architecture, variant }));
  const expected = formatPlatform(normalisePlatform(platform));
  const message = `Base image ${name} was pulled with platform "${pulled}", expected "${expected}" for current build`;
  findings.add('InvalidBaseImagePlatform', message, wholeFile(from));
}

/** A platform, and the stage is not named after it. What is no platform is refused elsewhere. */
function isPlatformOfOther(text: string, stage: string): boolean {
  try {
    const { os, architecture } = parsePlatform(text);
    return !stage.includes(os) && !stage.includes(architecture);
  } catch {
    return false;
  }
}
