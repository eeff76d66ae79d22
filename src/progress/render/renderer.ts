import type { BuildEvent } from '../events.ts';

/** Turns events into text for one kind of reader. */
export interface Renderer {
  handle(event: BuildEvent): void;
  /** After the last event: gives the terminal back. */
  end(): void;
}

/** One that draws the same lines again and again. */
export interface LiveRenderer extends Renderer {
  /** Gives the terminal back for as long as the program stands still: what is drawn next stands below all that is there by then. */
  pause(): void;
}

export interface RenderTarget {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly color: boolean;
}
