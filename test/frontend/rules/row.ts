import type { GivenOptions } from '../lower/rig.ts';
import type { Effect } from './observe.ts';

/** One rule shown once: what a text comes to where the rule takes it, or where it refuses it or treats it otherwise. */
export type Row = Dockerfile | Shown;

interface Common {
  readonly id: string;
  readonly side: 'accepts' | 'refuses';
  readonly title: string;
}

interface Dockerfile extends Common {
  readonly text: string;
  readonly effect: Effect;
  readonly given: GivenOptions;
}

/** For what lies outside of the frontend. */
interface Shown extends Common {
  readonly show: () => unknown;
  readonly is: unknown;
}

type Make = (id: string, title: string, text: string | readonly string[], effect: Effect, given?: GivenOptions) => Row;

/** Of a list of lines, the text. */
export const accepts: Make = (id, title, text, effect, given = {}) => rowOf('accepts', id, title, text, effect, given);

export const refuses: Make = (id, title, text, effect, given = {}) => rowOf('refuses', id, title, text, effect, given);

export function shows(
  id: string,
  side: Common['side'],
  { title, show, is }: { readonly title: string; readonly show: () => unknown; readonly is: unknown },
): Row {
  return { id, side, title, show, is };
}

function rowOf(side: Common['side'], ...[id, title, text, effect, given]: Required<Parameters<Make>>): Row {
  return { id, side, title, text: typeof text === 'string' ? text : text.join('\n'), effect, given };
}
