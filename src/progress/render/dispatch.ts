import type { BuildEvent } from '../events.ts';

/** What a renderer does for each type of event; those it leaves out say nothing to its reader. */
export type EventHandlers = { readonly [T in BuildEvent['type']]?: (event: Extract<BuildEvent, { type: T }>) => void };

export function dispatch(handlers: EventHandlers, event: BuildEvent): void {
  const handler = handlers[event.type] as ((event: BuildEvent) => void) | undefined;
  handler?.(event);
}
