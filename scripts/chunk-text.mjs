import { transform } from 'esbuild';

/** Of Node's own modules those that everything uses. */
const USED_AT_ONCE = new Set(['node:fs', 'node:os', 'node:path']);

/** A chunk as the text of a function in CommonJS. @param {string} text of an ES module, as esbuild prints it */
export async function asFunction(text) {
  const { code } = await transform(withPlainLinks(text), {
    format: 'cjs',
    platform: 'node',
    target: 'node20.11',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    minifySyntax: true,
  });
  // It is read as Latin 1.
  if (/[^\0-\x7f]/.test(code)) throw new Error('a chunk is not all ASCII');
  return `function(exports,require,module,__filename,__dirname){${withLateModules(code)}}`;
}

/** What esbuild makes of an import that can be late: the whole, the name, and what makes the module. */
const IMPORTS = [
  // some names of one of Node's own modules
  /\b(import_\w+)=(require\("node:[\w/]+"\))/g,
  // all of it
  /\b(\w+)=__toESM\((require\("node:[\w/]+"\))\)/g,
  // a dependency in CommonJS
  /\b(import_\w+)=(__toESM\d*\(require_\w+\(\),1\))/g,
];

/** What stands before a name that is not one of an object's: `a.zlib` is not the module, `...zlib` is. */
const NO_PROPERTY = '(?<!(?<!\\.\\.)\\.)';

/**
 * Node's other modules, and dependencies in CommonJS, run when something of theirs is used: a build of hits uses few. And `import * as` of one
 * of Node's copies nothing, which for crypto takes 15 ms.
 * @param {string} code as esbuild prints it: what is imported is always `name.something`
 */
function withLateModules(code) {
  let text = code;
  for (const [link, name, made] of IMPORTS.flatMap((kind) => [...code.matchAll(kind)])) {
    if (text.includes(`${name}.default`)) continue;
    text = text
      .replace(link, `${name}=late(()=>${made})`)
      .replace(new RegExp(`\\bnew ${name}\\.`, 'g'), `new (${name}()).`)
      .replace(new RegExp(`${NO_PROPERTY}\\b${name}\\.`, 'g'), `${name}().`);
    if (new RegExp(`${NO_PROPERTY}(?<![:\\w])${name}\\b(?!=late|\\(\\)\\)?\\.)`).test(text))
      throw new Error(`${name} is used in a way that is not known`);
  }
  return text === code ? code : `const late=make=>{let made;return()=>made??=make()};${text}`;
}

/**
 * Imports of names as constants, exports as one object of values. esbuild's own way is a getter for each name in an object that V8 takes for
 * a dictionary: whatever a loop uses of another chunk is looked up and called twice each time, and never inlined. Chunks have no cycles, and
 * no name of theirs gets another value once its chunk has run.
 * @param {string} text of an ES module, as esbuild prints it
 */
function withPlainLinks(text) {
  const paired = (/** @type {string} */ names, /** @type {(pair: string[]) => string} */ pairOf) =>
    names
      .split(',')
      .map((name) => pairOf(name.split(' as ')))
      .join(',');
  const linked = text
    .replace(/\bimport\{([\w$, ]+)\}from"((?:\.\/|node:)[^"]+)";/g, (whole, names, id) =>
      /\bdefault\b(?!_)/.test(names) || (id.startsWith('node:') && !USED_AT_ONCE.has(id))
        ? whole
        : `const{${paired(names, (pair) => pair.join(':'))}}=require("${id}");`,
    )
    .replace(/\bimport("\.\/[^"]+");/g, 'require($1);')
    .replace(/\bexport\{([\w$, ]+)\};?(?=\s*(?:\/\*![^*]*\*\/\s*)?$)/, (_, names) => {
      return `module.exports={${paired(names, ([name, as = name]) => `${as}:${name}`)}};`;
    });
  if (/\bimport(?:\{[\w$, ]+\}from"\.|"\.|\*as \w+ from"\.)|\bexport\{/.test(linked))
    throw new Error('a chunk is linked in a way that is not known');
  return linked;
}
