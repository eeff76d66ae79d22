import { basename } from 'node:path';

/** Which chunk imports which, by file name. @param {import('esbuild').Metafile} metafile */
export function chunkGraph({ outputs }) {
  const chunks = new Map(Object.entries(outputs).map(([path, output]) => [basename(path), output]));
  return {
    /** The chunk whose entry point is the module. @param {string} source */
    chunkOf(source) {
      for (const [name, { entryPoint }] of chunks) if (entryPoint === source) return name;
      throw new Error(`no chunk of ${source}`);
    },
    /** The chunks and all that they need at once: what they import later is left out. @param {readonly string[]} names */
    closureOf(names) {
      const found = new Set(names);
      for (const name of found) {
        for (const { path, kind } of chunks.get(name)?.imports ?? []) {
          if (kind === 'import-statement' && chunks.has(basename(path))) found.add(basename(path));
        }
      }
      return [...found];
    },
  };
}
