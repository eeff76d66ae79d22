import type { BuildEvent } from '../events.ts';

/** Turns events into text for one kind of reader. */
export interface Renderer {
  handle(event: BuildEvent): void;
  /** After the last event: gives the terminal back. */
  end(): void;
}

export interface RenderTarget {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly color: boolean;
}
