#!/usr/bin/env node
import type * as Main from '../main.ts';
import { chunksIn } from './load.ts';

/** Name of the chunk of src/cli/main.ts, put in by the bundler. */
declare const MAIN_CHUNK: string;

const { main } = chunksIn(import.meta.dirname).load(MAIN_CHUNK) as typeof Main;
void main();
// When nothing is left to do: what the kernel takes back anyhow is not taken apart first.
process.once('beforeExit', () => process.exit());
