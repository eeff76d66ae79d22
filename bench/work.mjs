// What is built: a context that is written once, and a way to touch one file of it.

import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, cpSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BIG } from './peers.mjs';
import { settle } from './settle.mjs';

const MEGABYTE = 1024 * 1024;
const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

/** What an install does to a file system: 3,000 files in 9 packages, without a network in the figures. */
const INSTALL = `const fs=require('fs');for(let p=0;p<9;p++)for(let i=0;i<334;i++){const d='node_modules/p'+p+'/l'+(i%20);
fs.mkdirSync(d,{recursive:true});fs.writeFileSync(d+'/m'+i+'.js','module.exports='+JSON.stringify('v'.repeat(i*8))+';\\n');}`;

/** @typedef {(dir: string, round: number) => void} Touch */

/**
 * `aims`: what each state may take of the fastest other's time (and never less than Node's start and 60 ms: table.mjs).
 * @type {{ [name: string]: { about: string, aims?: import('./table.d.mts').Aims, base?: string, prepare(dir: string): void, touch: Touch, otherTouches?: { [state: string]: Touch } } }}
 */
export const WORK = {
  'node-app': {
    about: 'npm-like install of 3,000 files, a build, a slim stage with three COPY --from, on a Node base of 190 MB',
    aims: { cold: 0.8, cached: 0.3, touched: 0.5 },
    base: 'node:20-bookworm-slim',
    prepare(dir) {
      mkdirSync(join(dir, 'src'));
      const steps = [
        'FROM node:20-bookworm-slim AS build\nWORKDIR /app\nCOPY package.json install.js ./\nRUN node install.js',
        'COPY src ./src\nRUN mkdir dist && cp -r src/. dist/ && node dist/index.js',
        'FROM node:20-bookworm-slim\nWORKDIR /app\nCOPY --from=build /app/node_modules ./node_modules',
        'COPY --from=build /app/package.json ./\nCOPY --from=build /app/dist ./dist\nCMD ["node", "dist/index.js"]',
      ];
      writeFileSync(join(dir, 'Dockerfile'), `${steps.join('\n')}\n`);
      writeFileSync(join(dir, 'package.json'), '{ "name": "app" }\n');
      writeFileSync(join(dir, 'install.js'), INSTALL);
      writeFileSync(join(dir, 'src/index.js'), '// first\n');
      for (let i = 0; i < 60; i++) writeFileSync(join(dir, `src/m${i}.js`), `exports.n = ${i};\n`.repeat(40));
    },
    touch: (dir, round) => writeFileSync(join(dir, 'src/index.js'), `// touched ${round} ${Date.now()}\n`),
    otherTouches: {
      'package.json touched': (dir, round) => writeFileSync(join(dir, 'package.json'), `{ "name": "app${round}" }\n`),
    },
  },
  'many-files': {
    about: 'COPY of 20,000 small files (27 MB)',
    aims: { cold: 0.3, cached: 0.3, touched: 0.3 },
    prepare: (dir) => manyFiles(dir, ''),
    touch: (dir, round) => writeFileSync(join(dir, 'd7/f7.txt'), `touched ${round} ${Date.now()}\n`),
  },
  'many-files-run': {
    about: 'the same, then a RUN that counts them',
    prepare: (dir) => manyFiles(dir, 'RUN find /src -type f | wc -l > /count\n'),
    touch: (dir, round) => writeFileSync(join(dir, 'd7/f7.txt'), `touched ${round} ${Date.now()}\n`),
  },
  'big-file': {
    about: 'COPY of 2 x 500 MB, half of it incompressible',
    aims: { cold: 0.4, cached: 0.1, removed: 0.3, touched: 0.5 },
    prepare(dir) {
      dockerfile(dir, 'COPY random.bin text.txt /data/\nCOPY small.txt /data/\n');
      writeRandom(join(dir, 'random.bin'), 500);
      writeText(join(dir, 'text.txt'), 500);
      writeFileSync(join(dir, 'small.txt'), 'small\n');
    },
    touch: (dir, round) => writeFileSync(join(dir, 'small.txt'), `touched ${round} ${Date.now()}\n`),
  },
  'many-steps': {
    about: '30 x (COPY one file, RUN append)',
    aims: { cold: 0.7, cached: 0.5, touched: 0.5 },
    prepare(dir) {
      const steps = Array.from({ length: 30 }, (_, i) => `COPY f${i} /f${i}\nRUN cat /f${i} >> /all\n`);
      dockerfile(dir, steps.join(''));
      for (let i = 0; i < 30; i++) writeFileSync(join(dir, `f${i}`), `file ${i}\n`);
    },
    touch: (dir, round) => appendFileSync(join(dir, 'f25'), `touched ${round} ${Date.now()}\n`),
  },
  wide: {
    about: '8 stages of RUN sleep 1, joined by COPY --from',
    aims: { cold: 0.8, cached: 0.7, touched: 0.7 },
    prepare(dir) {
      const names = Array.from({ length: 8 }, (_, i) => `s${i}`);
      const stages = names.map((name) => `FROM busybox AS ${name}\nRUN sleep 1; echo ${name} > /${name}\n`);
      const copies = names.map((name) => `COPY --from=${name} /${name} /${name}\n`);
      writeFileSync(join(dir, 'Dockerfile'), `${stages.join('')}FROM busybox\n${copies.join('')}COPY f /f\n`);
      writeFileSync(join(dir, 'f'), 'f\n');
    },
    touch: (dir, round) => writeFileSync(join(dir, 'f'), `touched ${round} ${Date.now()}\n`),
  },
  nginx: {
    about: 'apt-get install of nginx and openssl, a certificate, a COPY (what the network takes is in the figures)',
    aims: { cold: 0.9, cached: 0.3, touched: 0.5 },
    base: 'debian:bookworm-slim',
    prepare: (dir) => cpSync(join(REPOSITORY, 'fixtures/nginx'), dir, { recursive: true }),
    touch: (dir, round) => appendFileSync(join(dir, 'default'), `# touched ${round} ${Date.now()}\n`),
  },
  monorepo: {
    about:
      "30 packages in 150 stages, 100,000 files: install, build, test and pack of each, builds that take others' products",
    prepare: monorepo,
    touch: (dir, round) => writeFileSync(join(dir, 'packages/p7/src/d0/f0.js'), `// touched ${round} ${Date.now()}\n`),
  },
  'huge-base': {
    about: 'a RUN on a base of 2 GB, then a COPY and a RUN',
    base: BIG,
    prepare(dir) {
      const steps = ['FROM big', 'RUN find /big -type d | wc -l > /count', 'COPY f /f', 'RUN cat /f >> /count'];
      writeFileSync(join(dir, 'Dockerfile'), `${steps.join('\n')}\n`);
      writeFileSync(join(dir, 'f'), 'f\n');
    },
    touch: (dir, round) => writeFileSync(join(dir, 'f'), `touched ${round} ${Date.now()}\n`),
  },
};

/** A work with its context, which is as old as people's are. @param {string} name @param {string} dir where the context is made */
export async function prepareWork(name, dir) {
  const work = WORK[name];
  if (work === undefined) throw new Error(`no work ${name}; there are ${Object.keys(WORK).join(', ')}`);
  const context = join(dir, `work-${name}`);
  mkdirSync(context);
  work.prepare(context);
  await settle();
  return { ...work, context };
}

const PACKAGES = 30;
const FILES_OF_PACKAGE = 3333;

/** Each package is built with the products of two before it. */
function monorepo(dir) {
  const lines = [];
  for (let index = 0; index < PACKAGES; index++) {
    const [name, from] = [`p${index}`, `packages/p${index}`];
    const used = index === 0 ? [] : [...new Set([index >> 1, index - 1])];
    lines.push(
      ...[
        `FROM busybox AS ${name}-deps`,
        `COPY ${from}/package.json /app/`,
        'RUN md5sum /app/package.json > /app/lock',
      ],
      ...[`FROM ${name}-deps AS ${name}-src`, `COPY ${from}/src /app/src`],
      ...[`FROM ${name}-src AS ${name}-build`, ...used.map((other) => `COPY --from=p${other}-out /out /used/${other}`)],
      'RUN mkdir /out && cat /app/src/*/*.js > /out/bundle.js',
      ...[`FROM ${name}-build AS ${name}-test`, 'RUN wc -l /out/bundle.js > /report'],
      ...[
        `FROM busybox AS ${name}-out`,
        `COPY --from=${name}-build /out /out`,
        `COPY --from=${name}-test /report /out/`,
      ],
    );
    for (let file = 0; file < FILES_OF_PACKAGE; file++) {
      const sub = join(dir, `${from}/src/d${Math.floor(file / 100)}`);
      if (file % 100 === 0) mkdirSync(sub, { recursive: true });
      writeFileSync(join(sub, `f${file}.js`), `exports.v${file} = ${index * FILES_OF_PACKAGE + file};\n`.repeat(6));
    }
    writeFileSync(join(dir, from, 'package.json'), `{ "name": "${name}" }\n`);
  }
  const all = Array.from({ length: PACKAGES }, (_, index) => `COPY --from=p${index}-out /out /packages/p${index}`);
  writeFileSync(join(dir, 'Dockerfile'), `${[...lines, 'FROM busybox', ...all].join('\n')}\n`);
}

function manyFiles(dir, last) {
  dockerfile(dir, `COPY . /src\n${last}`);
  for (let i = 0; i < 20_000; i++) {
    const sub = join(dir, `d${i % 200}`);
    if (i < 200) mkdirSync(sub);
    writeFileSync(join(sub, `f${i}.txt`), smallText(i));
  }
}

function dockerfile(dir, steps) {
  writeFileSync(join(dir, 'Dockerfile'), `FROM busybox\n${steps}`);
}

/** About 1,350 bytes that compress as source text does. */
function smallText(seed) {
  const word = createHash('sha256').update(String(seed)).digest('hex');
  return `${word}\n`.repeat(3) + `const value${seed} = ${seed};\n`.repeat(40);
}

function writeRandom(file, megabytes) {
  inPieces(file, megabytes, () => randomBytes(MEGABYTE));
}

function writeText(file, megabytes) {
  inPieces(file, megabytes, (at) => {
    const lines = Array.from(
      { length: MEGABYTE / 64 },
      (_, i) => `${String(at * 16_384 + i).padStart(12)} a line of a log\n`,
    );
    return Buffer.from(lines.join('').padEnd(MEGABYTE, '.').slice(0, MEGABYTE));
  });
}

function inPieces(file, megabytes, piece) {
  const fd = openSync(file, 'w');
  for (let at = 0; at < megabytes; at++) writeSync(fd, piece(at));
  closeSync(fd);
}
