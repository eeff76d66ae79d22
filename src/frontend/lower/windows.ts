import { BuildError } from '../../errors.ts';
import type { Instruction } from '../ast.ts';
import type { Command } from './links.ts';
import type { StageDraft } from './stage-draft.ts';

/**
 * A stage for Windows stands on scratch or on another stage and takes files and metadata: layers of Windows images are laid out otherwise,
 * and nothing here runs its programs or knows its paths.
 * @throws BuildError not-supported-yet
 */
export function assertBuildsForWindows(
  { stage: { from }, image }: Pick<StageDraft, 'stage' | 'image'>,
  { isOnImage, commands }: { readonly isOnImage: boolean; readonly commands: readonly Command[] },
): void {
  if (image.os !== 'windows') return;
  if (isOnImage) throw unbuilt('a stage on a Windows image', from.image.range);
  const command = commands.find(({ instruction }) => isWindowsOwn(instruction));
  if (command === undefined) return;
  const { keyword, range } = command.instruction;
  throw unbuilt(`${keyword} in this form in a stage for Windows`, command.isTrigger ? from.range : range);
}

function isWindowsOwn(instruction: Instruction): boolean {
  if (instruction.kind === 'run' || instruction.kind === 'workdir') return true;
  return 'form' in instruction && instruction.form === 'shell';
}

function unbuilt(what: string, range: Instruction['range']): BuildError {
  return new BuildError('not-supported-yet', `${what} is not built yet`, {
    range,
    hint: 'build in a stage FROM --platform=$BUILDPLATFORM IMAGE, and COPY the result into one FROM scratch',
  });
}
