// What is built at each point of a curve: a context of n files, n steps, n stages or n layers, all on busybox.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES_PER_DIRECTORY = 300;
const STEPS_PER_STAGE = 50;

/** @typedef {{ about: string, points: readonly number[], prepare(dir: string, count: number): void }} Curve */

/** @type {{ [name: string]: Curve }} */
export const CURVES = {
  files: {
    about: 'COPY of n files of 200 bytes, 300 in a directory',
    points: [1000, 3000, 10_000, 30_000, 100_000, 300_000],
    prepare(dir, count) {
      writeFiles(dir, count);
      writeDockerfile(dir, ['FROM busybox', 'COPY . /src']);
    },
  },
  steps: {
    about: 'n steps, in stages of 50: COPY one file, RUN append, in turns; a COPY --from joins the stages',
    points: [10, 30, 100, 300, 1000],
    prepare(dir, count) {
      const lines = [];
      const stages = Math.ceil(count / STEPS_PER_STAGE);
      for (let stage = 0; stage < stages; stage++) {
        lines.push(`FROM busybox AS s${stage}`);
        for (let step = stage * STEPS_PER_STAGE; step < Math.min(count, (stage + 1) * STEPS_PER_STAGE); step++)
          lines.push(step % 2 === 0 ? `COPY f${step % 100} /f` : `RUN echo ${step} >> /all`);
      }
      writeFiles(dir, 100, 'flat');
      const copies = Array.from({ length: stages }, (_, stage) => `COPY --from=s${stage} /all /all${stage}`);
      writeDockerfile(dir, [...lines, 'FROM busybox', ...copies]);
    },
  },
  stages: {
    about: 'n stages of COPY and RUN, each with COPY --from two others: a tree',
    points: [2, 10, 30, 100, 300],
    prepare(dir, count) {
      const lines = [];
      for (let stage = count; stage >= 1; stage--) {
        const below = [2 * stage, 2 * stage + 1].filter((other) => other <= count);
        lines.push(`FROM busybox AS s${stage}`, `COPY f${stage % 100} /f`, `RUN echo ${stage} > /n${stage}`);
        lines.push(...below.map((other) => `COPY --from=s${other} /n${other} /n${other}`));
      }
      writeFiles(dir, 100, 'flat');
      writeDockerfile(dir, lines);
    },
  },
  layers: {
    about: 'an image of n layers: the base, COPYs of one file, a RUN on them',
    points: [2, 5, 10, 30, 60, 127],
    prepare(dir, count) {
      const copies = Array.from({ length: count - 2 }, (_, layer) => `COPY f${layer % 100} /f${layer}`);
      writeFiles(dir, 100, 'flat');
      writeDockerfile(dir, ['FROM busybox', ...copies, 'RUN ls -d /f* > /list || true']);
    },
  },
};

/** @param {string} dir @param {number} count @param {'flat'} [shape] */
function writeFiles(dir, count, shape) {
  const text = 'x'.repeat(180);
  for (let index = 0; index < count; index++) {
    const sub = shape === 'flat' ? dir : join(dir, `d${Math.floor(index / FILES_PER_DIRECTORY)}`);
    if (index % FILES_PER_DIRECTORY === 0) mkdirSync(sub, { recursive: true });
    writeFileSync(join(sub, `f${index}`), `${text} ${index}\n`);
  }
}

/** @param {string} dir @param {readonly string[]} lines */
function writeDockerfile(dir, lines) {
  writeFileSync(join(dir, 'Dockerfile'), `${lines.join('\n')}\n`);
}
