// Results as Markdown: medians with the least and the most, and the ratio to the fastest peer of the same rounds.

export function tablesOf({ machine, peers, results }) {
  const lines = [
    `${machine.cpus} cores, ${gigabytes(machine.memory)}, Linux ${machine.kernel}, Node ${machine.node}.`,
    'Wall seconds: median (least to most). Ratio: pair by pair, to the fastest other in the same round; the median of it.',
    'Memory: the most that all processes and the daemon held at once, pages of a program counted once. Disk: what state and product grew by.',
    '',
    ...peers.map(({ name, version, product }) => `- **${name}**: ${version.split('\n')[0]}; ends with: ${product}`),
  ];
  for (const { name, about, at, figures } of results) {
    lines.push(
      '',
      `### ${name}`,
      '',
      `${about}. Measured ${at.slice(0, 10)}.`,
      '',
      '| peer | state | wall s | ratio | CPU s | memory MB | disk MB | load |',
    );
    lines.push('|---|---|---|---|---|---|---|---|');
    for (const { name: peer } of peers.filter((one) => figures[one.name] !== undefined)) {
      for (const state of Object.keys(figures[peer])) lines.push(row({ peer, state, figures, peers }));
    }
  }
  return `${lines.join('\n')}\n`;
}

function row({ peer, state, figures, peers }) {
  const own = figures[peer][state];
  const walls = own.map(({ wallMs }) => wallMs / 1000);
  const isBeside = (name) => peers.some((one) => one.name === name && one.isBeside === true);
  const others = isBeside(peer) ? [] : Object.keys(figures).filter((name) => name !== peer && !isBeside(name));
  const ratios = own.map(
    ({ wallMs }, round) => wallMs / Math.min(...others.map((name) => figures[name][state][round].wallMs)),
  );
  const cells = [
    peer,
    state,
    `${median(walls).toFixed(2)} (${Math.min(...walls).toFixed(2)} to ${Math.max(...walls).toFixed(2)})`,
    others.length === 0 ? '' : median(ratios).toFixed(2),
    median(own.map(({ cpuMs }) => cpuMs / 1000)).toFixed(2),
    median(own.map(({ peakBytes }) => peakBytes / 1e6)).toFixed(0),
    median(own.map(({ diskBytes }) => diskBytes / 1e6)).toFixed(1),
    median(own.map(({ load }) => load)).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function gigabytes(bytes) {
  return `${Math.round(bytes / 1e9)} GB`;
}
