const sorted = (values) => [...values].sort((a, b) => a - b);

export function summary(values) {
  const all = sorted(values);
  const middle = all.length / 2;
  const median = all.length % 2 === 1 ? all[Math.floor(middle)] : (all[middle - 1] + all[middle]) / 2;
  return { median, min: all[0], max: all.at(-1) };
}

/** tsbuild's time divided by the peer's, each run against the same run of the peer. */
export function ratios(mine, theirs) {
  return summary(mine.map((run, i) => run.seconds / theirs[i].seconds));
}

const fixed = (value) => value.toFixed(value < 10 ? 2 : 1);

export function table(result) {
  const lines = [
    `Run of ${result.date}: ${result.machine}, ${result.runs} runs, load ${fixed(result.load.min)} to ${fixed(result.load.max)}.`,
    '',
    '| work | state | peer | seconds, median (min to max) | tsbuild : peer | CPU s | peak MiB | written MiB |',
    '|---|---|---|---|---|---|---|---|',
  ];
  for (const { work, state, peer, runs } of result.cells) {
    const of = (key) => summary(runs.map((run) => run[key]));
    const time = of('seconds');
    const mine = result.cells.find((cell) => cell.work === work && cell.state === state && cell.peer === 'tsbuild');
    const ratio = peer === 'tsbuild' ? '' : fixed(ratios(mine.runs, runs).median);
    const rest = [of('cpuSeconds').median, of('peakMiB').max, of('writtenMiB').median].map(fixed).join(' | ');
    lines.push(
      `| ${work} | ${state} | ${peer} | ${fixed(time.median)} (${fixed(time.min)} to ${fixed(time.max)}) | ${ratio} | ${rest} |`,
    );
  }
  lines.push('', ...result.peers.map(({ name, version, product }) => `- ${name} ${version}: ends with ${product}`));
  return `${lines.join('\n')}\n`;
}
