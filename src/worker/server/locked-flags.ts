import { readFileSync } from 'node:fs';
import { isBelow } from './paths.ts';

const KEPT = ['nosuid', 'nodev', 'noexec', 'ro', 'noatime', 'nodiratime', 'relatime'];

/**
 * The flags of the mount that a host path lies on. In a user namespace they are locked: a bind that is mounted again read-only must repeat
 * them.
 */
export function lockedFlags(path: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  let best = { point: '', flags: '' };
  for (const line of mountinfo.split('\n')) {
    const [, , , , point = '', flags = ''] = line.split(' ');
    const place = unescaped(point);
    if (place.length >= best.point.length && (place === path || isBelow(path, place))) best = { point: place, flags };
  }
  return best.flags.split(',').filter((flag) => KEPT.includes(flag));
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
