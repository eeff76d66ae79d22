// Programs of this machine, and the processes they start.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a program lies on PATH, first one first. @param {string} program */
export function placesOf(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .map((dir) => join(dir, program))
    .filter((file) => existsSync(file));
}

/** @param {number | undefined} pid @returns {number[]} */
export function childrenOf(pid) {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}
