import {
  formatPlatform,
  normalisePlatform,
  normaliseReference,
  type Platform,
  parsePlatform,
} from '../../image/oci/index.ts';
import type { FromInstruction } from '../ast.ts';
import type { Findings } from '../checks/index.ts';
import type { BuildEnv } from '../config/index.ts';
import type { ResolvedImage } from '../resolver.ts';
import type { RecordingExpander } from './expander.ts';
import { nearest } from './names.ts';

export interface FromReport {
  readonly globals: BuildEnv;
  /** Of the image name and the platform. */
  readonly expanded: readonly RecordingExpander[];
  /** The names of all ARGs above the first FROM, those without a value too. */
  readonly declared: ReadonlySet<string>;
  readonly findings: Findings;
}

export function reportFrom(from: FromInstruction, { globals, expanded, declared, findings }: FromReport): void {
  for (const name of expanded.flatMap(({ unset }) => [...unset])) {
    if (declared.has(name)) continue;
    const meant = nearest(name, [...declared, ...globals.names()]);
    const message = `FROM argument '${name}' is not declared${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    findings.add('UndefinedArgInFrom', message, from);
  }
  const text = from.flags.find(({ name }) => name === 'platform')?.value;
  if (text === undefined || text === '') return;
  if (/^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(text)) {
    const message = `Setting platform to predefined ${text} in FROM is redundant as this is the default behavior`;
    findings.add('RedundantTargetPlatform', message, from);
  }
  if (!text.includes('$') && !isNamedAfter(from.as?.text.toLowerCase() ?? '', parsePlatform(text))) {
    findings.add(
      'FromPlatformFlagConstDisallowed',
      `FROM --platform flag should not use constant value "${text}"`,
      from,
    );
  }
}

/** @param image as expanded with the defaults alone */
export function reportDefault(from: FromInstruction, image: string, findings: Findings): void {
  try {
    normaliseReference(image);
  } catch {
    const message = `Default value for ARG ${from.image.text} results in empty or invalid base image name`;
    findings.add('InvalidDefaultArgInFrom', message, from);
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
  findings.add('InvalidBaseImagePlatform', message, from);
}

function isNamedAfter(stage: string, { os, architecture }: Platform): boolean {
  return stage.includes(os) || stage.includes(architecture);
}
