// Results as Markdown: medians with the least and the most, the ratio to the fastest peer of the same rounds, and what was aimed at.

import { ALLOWED_MS, markdownTable, median, spread } from './figures.mjs';

const HEAD = ['peer', 'state', 'wall s', 'ratio', 'aim', 'of aim', 'CPU s', 'memory MB', 'disk MB', 'load'];

/** @typedef {import('./table.d.mts').Result} Result */

/** @type {typeof import('./table.d.mts').tablesOf} */
export function tablesOf({ machine, peers, results }) {
  const lines = [
    `${machine.cpus} cores, ${gigabytes(machine.memory)}, Linux ${machine.kernel}, Node ${machine.node}.`,
    'Wall seconds: median (least to most). Ratio: pair by pair, to the fastest other in the same round; the median of it.',
    `Aim: the ratio that is asked for, or Node's start in the same round and ${ALLOWED_MS} ms where that is more; beside it what was taken of it: up to 1 it holds.`,
    'Memory: the most that all processes and the daemon held at once, pages of a program counted once. Disk: what state and product grew by.',
    '',
    ...peers.map(({ name, version, product }) => `- **${name}**: ${version.split('\n')[0]}; ends with: ${product}`),
  ];
  for (const result of results) {
    const { name, about, at, figures } = result;
    const rows = peers
      .filter((peer) => figures[peer.name] !== undefined)
      .flatMap((peer) =>
        Object.keys(figures[peer.name] ?? {}).map((state) => row(result, { peer: peer.name, state, peers })),
      );
    lines.push('', `### ${name}`, '', `${about}. Measured ${at.slice(0, 10)}.`, '', ...markdownTable(HEAD, rows));
  }
  return `${lines.join('\n')}\n`;
}

/** @param {Result} result @param {{ peer: string, state: string, peers: { name: string, isBeside?: boolean }[] }} of */
function row({ figures, aims, starts }, { peer, state, peers }) {
  const own = figures[peer]?.[state] ?? [];
  const isBeside = (/** @type {string} */ name) => peers.some((one) => one.name === name && one.isBeside === true);
  const others = isBeside(peer) ? [] : Object.keys(figures).filter((name) => name !== peer && !isBeside(name));
  const fastest = own.map((_, round) =>
    Math.min(...others.map((name) => figures[name]?.[state]?.[round]?.wallMs ?? Infinity)),
  );
  const walls = own.map(({ wallMs }) => wallMs);
  const aim = peer === 'tsbuild' && others.length > 0 ? aims?.[state] : undefined;
  return [
    peer,
    state,
    spread(walls.map((ms) => ms / 1000)),
    others.length === 0 ? '' : median(pairs(walls, fastest)).toFixed(2),
    ...(aim === undefined ? ['', ''] : aimed({ walls, fastest, aim, starts: starts?.[state] ?? [] })),
    median(own.map(({ cpuMs }) => cpuMs / 1000)).toFixed(2),
    median(own.map(({ peakBytes }) => peakBytes / 1e6)).toFixed(0),
    median(own.map(({ diskBytes }) => diskBytes / 1e6)).toFixed(1),
    median(own.map(({ load }) => load)).toFixed(1),
  ];
}

/** The aim, or the seconds that no aim is below, and how much of that was taken. @param {{ walls: number[], fastest: number[], aim: number, starts: number[] }} measured */
function aimed({ walls, fastest, aim, starts }) {
  const asked = fastest.map((ms) => ms * aim);
  const most = asked.map((ms, round) => Math.max(ms, (starts[round] ?? -Infinity) + ALLOWED_MS));
  const told = median(most) > median(asked) ? `${(median(most) / 1000).toFixed(3)} s` : aim.toFixed(1);
  return [told, median(pairs(walls, most)).toFixed(2)];
}

/** @param {number[]} values @param {number[]} others of the same rounds */
function pairs(values, others) {
  return values.map((value, round) => value / (others[round] ?? Number.NaN));
}

/** @param {number} bytes */
function gigabytes(bytes) {
  return `${Math.round(bytes / 1e9)} GB`;
}
