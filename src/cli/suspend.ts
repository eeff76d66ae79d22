import type { LiveRenderer, Renderer } from '../progress/index.ts';

const STOP = 'SIGTSTP';

/** Ctrl-Z stops the program as ever, once the renderer has given the terminal back. */
export function suspendable(renderer: LiveRenderer): Renderer {
  let isOver = false;
  const listen = (): void => {
    if (!isOver) process.on(STOP, stop);
  };
  const stop = (): void => {
    renderer.pause();
    // sent again, with nobody who listens, it does what the kernel does with it: nothing where no shell could go on with the program
    process.off(STOP, stop);
    process.kill(process.pid, STOP);
    setImmediate(listen);
  };
  listen();
  return {
    handle: (event) => renderer.handle(event),
    end: () => {
      isOver = true;
      process.off(STOP, stop);
      renderer.end();
    },
  };
}
