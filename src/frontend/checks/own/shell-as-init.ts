import { posix } from 'node:path';
import type { CmdInstruction, EntrypointInstruction, Instruction } from '../../ast.ts';
import type { Findings } from '../findings.ts';
import { scriptOf, shellCommands } from './shell-commands.ts';

/** The last CMD and ENTRYPOINT of a stage. A CMD that an ENTRYPOINT in shell form leaves out never runs. */
export function reportInit(instructions: readonly Instruction[], findings: Findings): void {
  const entrypoint = instructions.findLast((one) => one.kind === 'entrypoint');
  const cmd = instructions.findLast((one) => one.kind === 'cmd');
  if (entrypoint !== undefined) reportShell(entrypoint, findings);
  if (cmd !== undefined && (entrypoint === undefined || passesOn(entrypoint))) reportShell(cmd, findings);
}

function reportShell(instruction: CmdInstruction | EntrypointInstruction, findings: Findings): void {
  const script = instruction.form === 'shell' ? instruction.args.join(' ') : scriptOf(instruction.args);
  const last = script === undefined ? undefined : shellCommands(script).at(-1);
  // With exec the last command takes the shell's place.
  if (last === undefined || last[0] === 'exec') return;
  const message = `${instruction.keyword} makes a shell PID 1, which does not pass the signals of docker stop on to ${last[0]}`;
  findings.add('ShellAsInit', message, instruction);
}

/** It runs CMD as its arguments, and not below an init that signals all of its children. */
function passesOn({ form, args }: EntrypointInstruction): boolean {
  const program = posix.basename(args[0] ?? '');
  const isGroupInit = program === 'dumb-init' || (program === 'tini' && args.includes('-g'));
  return form === 'exec' && args.length > 0 && !isGroupInit && scriptOf(args) === undefined;
}
