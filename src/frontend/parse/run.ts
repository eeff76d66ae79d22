import { BuildError } from '../../errors.ts';
import type { Flag, RunInstruction } from '../ast.ts';
import { commandForm } from './command-form.ts';
import { parseHeredocWord } from './heredocs.ts';
import { mountFields } from './mount.ts';
import type { Statement } from './statement.ts';

export function parseRun(statement: Statement): RunInstruction {
  const { common, rest } = statement;
  for (const flag of common.flags) checkFlag(flag);
  const { form, args } = commandForm(statement, rest);
  const [heredoc] = common.heredocs;
  if (heredoc === undefined) return { kind: 'run', ...common, form, args };
  if (common.heredocs.length === 1 && parseHeredocWord(rest.text) !== undefined) {
    const soleHeredoc = statement.bodies[0]?.text.startsWith('#!') === true ? 'program' : 'script';
    return { kind: 'run', ...common, form, args: [heredoc.content], soleHeredoc };
  }
  const parts = common.heredocs.map(({ name }, index) => `\n${statement.bodies[index]?.text ?? ''}${name}`);
  return { kind: 'run', ...common, form, args: [rest.text + parts.join('')] };
}

/** What is wrong in any stage, needed or not. */
function checkFlag({ name, value, range }: Flag): void {
  if (value === undefined) return;
  const fail = (message: string, hint: string): BuildError => new BuildError('flag-invalid', message, { range, hint });
  if (name === 'network' && !['default', 'none', 'host'].includes(value)) {
    throw fail(`invalid network mode "${value}"`, 'write --network=default, none or host');
  }
  if (name === 'security' && !['sandbox', 'insecure'].includes(value)) {
    throw fail(`security "${value}" is not valid`, 'write --security=sandbox or insecure');
  }
  if (name === 'mount' && mountFields(value, range).some((field) => /^from=.*\$./is.test(field))) {
    throw new BuildError('stage-unknown', "'from' doesn't support variable expansion, define alias stage instead", {
      range,
      hint: 'write FROM $NAME AS alias above the first stage that needs it, and from=alias here',
    });
  }
}
