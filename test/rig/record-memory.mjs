// Preloaded into a program: writes its peak memory, in kilobytes, to $RECORD_MEMORY.<pid> when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(`${process.env['RECORD_MEMORY']}.${process.pid}`, String(process.resourceUsage().maxRSS));
});
