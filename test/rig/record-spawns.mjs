// Preloaded into tsbuild (NODE_OPTIONS=--import): writes each program it starts to $RECORD_SPAWNS, one a line.
import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

for (const name of ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync']) {
  const original = childProcess[name];
  childProcess[name] = (program, ...rest) => {
    appendFileSync(process.env.RECORD_SPAWNS, `${name} ${String(program)}\n`);
    return original(program, ...rest);
  };
}
syncBuiltinESMExports();
