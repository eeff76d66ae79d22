import { accessSync, constants } from 'node:fs';
import { findProgram } from '../../../host/process/index.ts';
import { openPasta } from './pasta.ts';
import { openSlirp } from './slirp.ts';
import type { Uplink, UplinkOptions } from './uplink.ts';

/** A program that gives a network namespace its way out. */
export interface Way {
  readonly program: 'slirp4netns' | 'pasta';
  open(options: UplinkOptions): Promise<Uplink | string>;
}

/** The one that is ready first before the other: 20 ms against 150 ms, measured. */
const WAYS: readonly Way[] = [
  { program: 'slirp4netns', open: openSlirp },
  { program: 'pasta', open: openPasta },
];

const TUN = '/dev/net/tun';

/** Those that are worth trying here, best first; or why none is, with the command that helps. */
export function networkWays(searchPath: string): readonly Way[] | string {
  const ways = WAYS.filter(({ program }) => findProgram(program, searchPath) !== undefined);
  if (ways.length === 0) return 'neither slirp4netns nor pasta is installed (apt-get install -y slirp4netns)';
  try {
    accessSync(TUN, constants.R_OK | constants.W_OK);
    return ways;
  } catch {
    return `${TUN} cannot be opened (sudo chmod 0666 ${TUN})`;
  }
}
