import type { BuildEvent } from '../events.ts';
import type { Renderer, RenderTarget } from './renderer.ts';

/** Every event as one line of JSON; output bytes are base64. */
export function makeRawJsonRenderer(target: RenderTarget): Renderer {
  return {
    handle(event: BuildEvent) {
      const plain =
        event.type === 'step-output' ? { ...event, data: Buffer.from(event.data).toString('base64') } : event;
      target.write(`${JSON.stringify(plain)}\n`);
    },
    end: () => undefined,
  };
}
