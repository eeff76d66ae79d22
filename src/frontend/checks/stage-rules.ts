import { makeMatcher, rulesOf } from '../../util/match/index.ts';
import { latin1Of } from '../../util/rel-path.ts';
import type { CopyInstruction, Instruction } from '../ast.ts';
import type { Findings } from './findings.ts';

/** Rules about the instructions of one stage, in order; made anew for each stage. */
export function checkStage(instructions: readonly Instruction[], findings: Findings): void {
  const last = new Map<string, Instruction>();
  for (const instruction of instructions) {
    checkKeyValues(instruction, findings);
    if (!ONCE.has(instruction.kind)) continue;
    const earlier = last.get(instruction.kind);
    if (earlier !== undefined) {
      const message = `Multiple ${earlier.keyword} instructions should not be used in the same stage because only the last one will be used`;
      findings.add('MultipleInstructionsDisallowed', message, earlier);
    }
    last.set(instruction.kind, instruction);
  }
}

const ONCE: ReadonlySet<string> = new Set(['cmd', 'entrypoint', 'healthcheck']);
const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:^|_)(?:public|file|version)(?:_|$)/i;

function checkKeyValues(instruction: Instruction, findings: Findings): void {
  const { kind, keyword } = instruction;
  if (kind !== 'env' && kind !== 'label' && kind !== 'arg') return;
  if (kind !== 'arg' && instruction.isLegacy) {
    const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
    findings.add('LegacyKeyValueFormat', message, instruction);
  }
  if (kind === 'label') return;
  for (const { key } of instruction.pairs) {
    if (!SECRET.test(key) || HARMLESS.test(key)) continue;
    const message = `Do not use ARG or ENV instructions for sensitive data (${keyword} "${key}")`;
    findings.add('SecretsUsedInArgOrEnv', message, instruction);
  }
}

/** The ports of EXPOSE after expansion. */
export function checkPorts(specs: readonly string[], instruction: Instruction, findings: Findings): void {
  for (const spec of specs) {
    if (spec.includes(':')) {
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${spec}'`;
      findings.add('ExposeInvalidFormat', message, instruction);
    }
    const protocol = spec.split('/')[1] ?? '';
    if (protocol !== protocol.toLowerCase()) {
      findings.add(
        'ExposeProtoCasing',
        `Defined protocol '${spec}' in EXPOSE instruction should be lowercase`,
        instruction,
      );
    }
  }
}

export interface IgnorePatterns {
  readonly patterns: readonly string[];
}

/** Literal sources that the ignore file takes away; with exceptions in the file nothing can be told from the text. */
export function checkIgnored(
  sources: readonly string[],
  { patterns }: IgnorePatterns,
  { instruction, findings }: { instruction: CopyInstruction; findings: Findings },
): void {
  if (patterns.length === 0 || patterns.some((pattern) => pattern.startsWith('!'))) return;
  const matcher = makeMatcher(rulesOf(patterns));
  for (const source of sources) {
    const path = source.replace(/^(?:\.?\/)+|\/+$/g, '');
    if (path === '' || path === '.' || !matcher.excludes(latin1Of(path))) continue;
    const verb = instruction.kind === 'add' ? 'Add' : 'Copy';
    findings.add(
      'CopyIgnoredFile',
      `Attempting to ${verb} file "${path}" that is excluded by .dockerignore`,
      instruction,
    );
  }
}
