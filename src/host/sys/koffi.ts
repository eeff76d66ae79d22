import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

export type Koffi = typeof koffiModule;

/** Synchronous. In the bundle of the CLI this module is another one, which has koffi's JavaScript inside (scripts/koffi-inside.mjs). */
export function loadKoffi(): Koffi {
  return createRequire(import.meta.filename)('koffi') as Koffi;
}
