import { runCli } from './run.ts';
import { workingDirectory } from './working-directory.ts';

/** The whole program, on this process's words, streams and signals. Sets the exit status. */
export async function main(): Promise<void> {
  const controller = new AbortController();
  let signalExit: number | undefined;
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      // A second signal is impatience: leave at once, the kernel ends the worker with us.
      if (signalExit !== undefined) process.exit(exitCode);
      signalExit = exitCode;
      controller.abort(new Error(signal));
    });
  }

  const context = {
    env: process.env,
    // Asked for when a command needs it: that there is none is an error like any other.
    get cwd() {
      return workingDirectory(() => process.cwd());
    },
    signal: controller.signal,
  };
  const code = await runCli(process.argv.slice(2), context);
  // A cancelled build may leave a wait on standard input behind: nobody is to wait for that.
  if (signalExit !== undefined) process.exit(signalExit);
  process.exitCode = code;
}
