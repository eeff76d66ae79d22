import { chunksIn } from './load.ts';

/** Name of the chunk of src/worker/server/main.ts, put in by the bundler. */
declare const WORKER_CHUNK: string;

chunksIn(import.meta.dirname).load(WORKER_CHUNK);
