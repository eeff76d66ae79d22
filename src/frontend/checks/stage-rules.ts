import { posix } from 'node:path';
import { makeMatcher, rulesOf } from '../../util/match/index.ts';
import { latin1Of } from '../../util/rel-path.ts';
import type { ArgInstruction, CopyInstruction, EnvInstruction, Instruction, LabelInstruction } from '../ast.ts';
import type { PortSpec } from '../config/index.ts';
import type { Findings } from './findings.ts';

/** Only the last one of its kind counts. The comments of the later one may silence the finding at the earlier. */
export function checkOnce(
  instruction: Instruction,
  { earlier, findings }: { earlier: Instruction | undefined; findings: Findings },
): void {
  if (earlier === undefined) return;
  const message = `Multiple ${instruction.keywordText} instructions should not be used in the same stage because only the last one will be used`;
  findings.add('MultipleInstructionsDisallowed', message, {
    range: earlier.range,
    comments: instruction.comments,
  });
}

export function checkLegacyFormat(instruction: EnvInstruction | LabelInstruction, findings: Findings): void {
  const { keywordText, isLegacy } = instruction;
  if (!isLegacy) return;
  const message = `"${keywordText} key=value" should be used instead of legacy "${keywordText} key value" format`;
  findings.add('LegacyKeyValueFormat', message, instruction);
}

const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:^|_)(?:public|file|version)(?:_|$)/i;

export function checkSecrets(instruction: ArgInstruction | EnvInstruction, findings: Findings): void {
  for (const { key } of instruction.pairs) {
    if (!SECRET.test(key) || HARMLESS.test(key)) continue;
    const message = `Do not use ARG or ENV instructions for sensitive data (${instruction.keyword} "${key}")`;
    findings.add('SecretsUsedInArgOrEnv', message, instruction);
  }
}

/** A port of EXPOSE after expansion. */
export function checkPort(
  { text, ip, hostPort, protocol }: PortSpec,
  { instruction, findings }: { instruction: Instruction; findings: Findings },
): void {
  if (protocol !== protocol.toLowerCase()) {
    findings.add(
      'ExposeProtoCasing',
      `Defined protocol '${text}' in EXPOSE instruction should be lowercase`,
      instruction,
    );
  }
  if (ip !== '' || hostPort !== '') {
    const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`;
    findings.add('ExposeInvalidFormat', message, instruction);
  }
}

export interface IgnorePatterns {
  readonly patterns: readonly string[];
}

const ALL_PATTERNS: ReadonlySet<string> = new Set(['*', '**', '**/*']);

/**
 * Sources that the ignore file takes away; with exceptions in the file nothing can be told from the text. As in BuildKit an
 * absolute source is no other than the root to most patterns: those that begin with a name do not match it.
 */
export function checkIgnored(
  sources: readonly string[],
  { patterns }: IgnorePatterns,
  { instruction, findings }: { instruction: CopyInstruction; findings: Findings },
): void {
  if (patterns.length === 0 || patterns.some((pattern) => pattern.startsWith('!'))) return;
  const matcher = makeMatcher(rulesOf(patterns));
  const isAllIgnored = patterns.some((pattern) => ALL_PATTERNS.has(pattern));
  for (const source of sources) {
    const path = posix.normalize(source).replace(/(?<=.)\/$/, '');
    const isInRoot = path === '.' || path.startsWith('/');
    if (!(isInRoot && isAllIgnored) && (path === '.' || !matcher.excludes(latin1Of(path)))) continue;
    const verb = instruction.kind === 'add' ? 'Add' : 'Copy';
    findings.add(
      'CopyIgnoredFile',
      `Attempting to ${verb} file "${path}" that is excluded by .dockerignore`,
      instruction,
    );
  }
}
