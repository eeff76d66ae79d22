import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

const BASE = 'bench-base:latest';
const MIB = 1024 * 1024;

/** Each piece of work: `make` writes the context, each edit changes one file of it to what no run had before. */
export const WORK = {
  'node-app': { make: nodeApp, edits: { source: 'src/index.js', package: 'package.json' } },
  'many-files': { make: manyFiles, edits: { source: 'd7/f3.txt' } },
  'big-file': { make: bigFile, edits: { source: 'small.txt' } },
  'many-steps': { make: manySteps, edits: { source: 'f15.txt' } },
  wide: { make: wide, edits: { source: 'note.txt' } },
};

export function edit(context, name, nonce) {
  const text = name.endsWith('.json') ? `{ "name": "app", "description": "${nonce}" }\n` : `// ${nonce}\n`;
  writeFileSync(join(context, name), text);
}

function put(context, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(context, name)), { recursive: true });
    writeFileSync(join(context, name), text);
  }
}

/** What an install does to a file system (3,000 files, 9 packages), without a network in the figures. */
const INSTALL = `const fs=require('fs');for(let p=0;p<9;p++)for(let i=0;i<334;i++){const d='node_modules/p'+p+'/l'+(i%20);
fs.mkdirSync(d,{recursive:true});fs.writeFileSync(d+'/m'+i+'.js','module.exports='+JSON.stringify('v'.repeat(i*8))+';\\n');}`;

function nodeApp(context) {
  put(context, {
    Dockerfile: `FROM ${BASE} AS build
WORKDIR /app
COPY package.json install.js ./
RUN node install.js
COPY src ./src
RUN mkdir dist && cp -r src/. dist/ && node dist/index.js
FROM ${BASE}
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
CMD ["node", "dist/index.js"]
`,
    'package.json': '{ "name": "app" }\n',
    'install.js': INSTALL,
    'src/index.js': '// first\n',
    ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`src/m${i}.js`, `exports.n = ${i};\n`.repeat(40)])),
  });
}

function manyFiles(context) {
  put(context, { Dockerfile: `FROM ${BASE}\nCOPY . /src\nRUN find /src -type f | wc -l > /count\n` });
  for (let d = 0; d < 200; d += 1) {
    mkdirSync(join(context, `d${d}`), { recursive: true });
    for (let f = 0; f < 100; f += 1)
      writeFileSync(join(context, `d${d}/f${f}.txt`), `line ${d} of file ${f}\n`.repeat(1 + ((d * 7 + f * 13) % 130)));
  }
}

function bigFile(context) {
  put(context, {
    Dockerfile: `FROM ${BASE}\nCOPY random.bin text.txt /data/\nCOPY small.txt /\nRUN true\n`,
    'small.txt': 'a',
  });
  let seed = Buffer.from('bench');
  writeBlocks(join(context, 'random.bin'), () => {
    seed = createHash('sha256').update(seed).digest();
    return noise(seed);
  });
  const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
  let n = 1;
  writeBlocks(join(context, 'text.txt'), () => {
    let text = '';
    while (text.length < MIB) {
      n = (n * 1103515245 + 12345) % 2147483648;
      text += `${n} ${words[n % 8]} ${words[(n >> 4) % 8]}\n`;
    }
    return Buffer.from(text.slice(0, MIB));
  });
}

function noise(seed) {
  const parts = [];
  for (let i = 0; i < MIB / 64; i += 1) parts.push(createHash('sha512').update(seed).update(String(i)).digest());
  return Buffer.concat(parts);
}

function writeBlocks(path, block) {
  const fd = openSync(path, 'w');
  for (let i = 0; i < 500; i += 1) writeSync(fd, block());
  closeSync(fd);
}

function manySteps(context) {
  const pairs = Array.from({ length: 30 }, (_, i) => `COPY f${i}.txt /d/\nRUN echo ${i} >> /log\n`);
  put(context, {
    Dockerfile: `FROM ${BASE}\n${pairs.join('')}`,
    ...Object.fromEntries(pairs.map((_, i) => [`f${i}.txt`, `${i}\n`])),
  });
}

function wide(context) {
  const each = Array.from({ length: 8 }, (_, i) => i);
  const stages = each.map((i) => `FROM ${BASE} AS s${i}\nRUN sleep 1 && echo ${i} > /o${i}\n`).join('');
  const joins = each.map((i) => `COPY --from=s${i} /o${i} /\n`).join('');
  put(context, { Dockerfile: `${stages}FROM ${BASE}\n${joins}COPY note.txt /\n`, 'note.txt': 'a' });
}

export function freshContext(context, name) {
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  WORK[name].make(context);
}
