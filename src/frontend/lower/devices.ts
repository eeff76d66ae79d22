import { BuildError } from '../../errors.ts';
import type { RunDevice } from '../../graph/index.ts';
import type { Flag, RunInstruction } from '../ast.ts';
import { assertAllowed } from './entitlements.ts';
import type { Step } from './stage-draft.ts';

/** Those of RUN --device, which must be allowed, then those of the command line, which are. */
export function lowerDevices({ flags }: RunInstruction, step: Step): readonly RunDevice[] {
  const devices: RunDevice[] = [];
  for (const flag of flags) {
    if (flag.name !== 'device') continue;
    const device = deviceOf(flag);
    assertAllowed(`device=${device.name}`, flag, step);
    devices.push(device);
  }
  return [...devices, ...(step.lowering.options.devices ?? []).map((name) => ({ name, isRequired: true }))];
}

/** `NAME[,required]` or `name=NAME[,required=true]`; a name may hold `=` itself. */
function deviceOf(flag: Flag): RunDevice {
  let name: string | undefined;
  let isRequired = false;
  for (const field of (flag.value ?? '').split(',')) {
    const [, key, value] = /^\s*(name|required)(?:=(.*))?$/i.exec(field) ?? [];
    if (key?.toLowerCase() === 'required') isRequired = truth(value ?? 'true', flag);
    else if (name === undefined) name = value ?? field.trim();
    else throw invalid(flag, `unexpected field ${JSON.stringify(field)}`);
  }
  if (name === undefined || name === '') throw invalid(flag, 'it names no device');
  return { name, isRequired };
}

function truth(text: string, flag: Flag): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw invalid(flag, `required is true or false, not ${JSON.stringify(text)}`);
}

function invalid(flag: Flag, why: string): BuildError {
  return new BuildError('flag-invalid', `--device=${flag.value ?? ''}: ${why}`, {
    range: flag.range,
    hint: 'write --device=/dev/NAME or --device=/dev/NAME,required',
  });
}
