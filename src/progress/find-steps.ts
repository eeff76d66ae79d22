import { BuildError } from '../errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { clip } from './render/width.ts';
import { plainText } from './render/words.ts';

export interface NamedStep {
  readonly id: string;
  /** `[build 4/6] RUN npm ci` */
  readonly name: string;
  readonly stage: string;
}

/** How a step can be named, for hints. */
export const STEP_WORDS = 's4, 4, build/2, or a piece of its text that no other step has';

/** The one step that a word means. @throws BuildError step-unknown when there is none, or more than one */
export function findStep<S extends NamedStep>(steps: readonly S[], word: string): S {
  const [found, ...more] = stepsMeant(steps, word);
  if (found === undefined) throw unknownStep(steps, word);
  if (more.length === 0) return found;
  throw new BuildError('step-unknown', `${JSON.stringify(word)} means ${more.length + 1} steps`, {
    hint: `name one by its number: ${listed([found, ...more].map(({ id, name }) => `${id} ${clip(plainText(name), MAX_WIDTH)}`))}`,
  });
}

/** The steps of a stage, or the one step that a word means. @throws BuildError step-unknown */
export function findStageOrStep<S extends NamedStep>(steps: readonly S[], word: string): readonly S[] {
  const ofStage = steps.filter(({ stage }) => stage.toLowerCase() === word.toLowerCase());
  return ofStage.length > 0 ? ofStage : [findStep(steps, word)];
}

/** By id, number or place when the word has that form and there is such a step, else by text. */
function stepsMeant<S extends NamedStep>(steps: readonly S[], word: string): readonly S[] {
  const lower = word.toLowerCase();
  const named = steps.filter((step) => step.id === lower || step.id === `s${lower}` || placeOf(step) === lower);
  if (named.length > 0) return named;
  const whole = steps.filter(({ name }) => name === word || name.replace(BRACKET, '') === word);
  if (whole.length > 0) return whole;
  return word.trim() === '' ? [] : steps.filter(({ name }) => name.includes(word));
}

const BRACKET = /^\[[^\]]*?(?:(\d+)\/\d+)?\] /;

/** `build/2` */
function placeOf({ name, stage }: NamedStep): string | undefined {
  const index = BRACKET.exec(name)?.[1];
  return index === undefined ? undefined : `${stage.toLowerCase()}/${index}`;
}

function unknownStep(steps: readonly NamedStep[], word: string): BuildError {
  const stages = [...new Set(steps.map(({ stage }) => stage))];
  const meant = didYouMean(word.toLowerCase(), stages);
  const last = steps.at(-1);
  return new BuildError('step-unknown', `${JSON.stringify(word)} is no step and no stage of this build`, {
    hint: [
      ...(meant === undefined ? [] : [`did you mean ${meant}?`]),
      last === undefined
        ? 'it has no steps'
        : `its stages are ${listed(stages)}, its steps s1 to ${last.id}; a step is named as ${STEP_WORDS}`,
    ].join(' '),
  });
}

const MAX_LISTED = 8;
const MAX_WIDTH = 60;

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return `${names.slice(0, MAX_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
