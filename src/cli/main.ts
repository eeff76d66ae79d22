import { runCli } from './run.ts';

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

const code = await runCli(process.argv.slice(2), { env: process.env, cwd: process.cwd(), signal: controller.signal });
process.exitCode = signalExit ?? code;
