import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * Chunks of the bundle, each a CommonJS module in one function. Beside `x.cjs` may lie `x.code`: what V8 made of it, so that nothing is
 * compiled at the start. V8 takes it only when it is of the same version, flags and text; else the text is compiled, which is slower and
 * no other difference. It is made with the bundle (scripts/code-cache.mjs) and trusted as much: nothing is written at run time.
 */
export interface Chunks {
  /** What the chunk exports; it runs once. */
  readonly load: (name: string) => unknown;
  readonly scripts: ReadonlyMap<string, Script>;
}

export function chunksIn(dir: string): Chunks {
  const scripts = new Map<string, Script>();
  const modules = new Map<string, { exports: unknown }>();
  const nodeRequire = createRequire(join(dir, 'load.cjs'));
  const require = (id: string): unknown => (id.startsWith('./') ? load(id.slice(2)) : nodeRequire(id));
  const load = (name: string): unknown => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const filename = join(dir, name);
    // The bundler writes nothing but ASCII, which is quickest to read as what V8 keeps it in.
    const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: codeOf(filename) });
    scripts.set(name, script);
    const module = { exports: {} as unknown };
    modules.set(name, module);
    (script.runInThisContext() as Wrapped)(module.exports, require, module, filename, dir);
    return module.exports;
  };
  return { load, scripts };
}

type Wrapped = (...module: [exports: unknown, require: unknown, module: object, filename: string, dir: string]) => void;

function codeOf(filename: string): Buffer | undefined {
  try {
    return readFileSync(filename.replace(/\.cjs$/, '.code'));
  } catch {
    return undefined;
  }
}
