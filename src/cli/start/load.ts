import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * The bundle: chunks in CommonJS, each a function. A file `x.cjs` is an object of some, by name; a chunk that no file before had is in the file of its
 * own name. Beside it may lie `x.code`: what V8 made of it, so that nothing is compiled at the start. V8 takes that only when it is of
 * the same version, flags and text; else the text is compiled, which is slower and no other difference. It is made with the bundle
 * (scripts/code-cache.mjs) and trusted as much: nothing is written at run time.
 */
export interface Chunks {
  /** What the chunk exports; it runs once. */
  readonly load: (name: string) => unknown;
  /** Files that were read. */
  readonly scripts: ReadonlyMap<string, Script>;
}

export function chunksIn(dir: string): Chunks {
  const scripts = new Map<string, Script>();
  const functions = new Map<string, Chunk>();
  const modules = new Map<string, { exports: unknown }>();
  const nodeRequire = createRequire(join(dir, 'load.cjs'));
  const require = (id: string): unknown => (id.startsWith('./') ? load(id.slice(2)) : nodeRequire(id));
  const find = (name: string): Chunk => {
    const known = functions.get(name);
    if (known !== undefined) return known;
    const script = compile(join(dir, name));
    scripts.set(name, script);
    const chunks = script.runInThisContext() as { readonly [name: string]: Chunk };
    for (const [chunk, run] of Object.entries(chunks)) functions.set(chunk, run);
    const found = chunks[name];
    if (found === undefined) throw new Error(`${name} does not hold the chunk of its name`);
    return found;
  };
  const load = (name: string): unknown => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const run = find(name);
    const module = { exports: {} as unknown };
    modules.set(name, module);
    run(module.exports, require, module, join(dir, name), dir);
    return module.exports;
  };
  return { load, scripts };
}

type Chunk = (...module: [exports: unknown, require: unknown, module: object, filename: string, dir: string]) => void;

function compile(filename: string): Script {
  // The bundler writes nothing but ASCII, which is quickest to read as what V8 keeps it in.
  return new Script(readFileSync(filename, 'latin1'), { filename, cachedData: codeOf(filename) });
}

function codeOf(filename: string): Buffer | undefined {
  try {
    return readFileSync(filename.replace(/\.cjs$/, '.code'));
  } catch {
    return undefined;
  }
}
