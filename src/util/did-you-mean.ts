const TOO_FAR = 3;

/**
 * The candidate nearest to the word, when fewer than three edits part them; of equals the first. undefined when the
 * word itself is a candidate: then the word is not what is wrong.
 */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.includes(word)) return undefined;
  let nearest: string | undefined;
  let distance = TOO_FAR;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= distance) continue;
    const found = levenshtein(word, candidate);
    if (found >= distance) continue;
    nearest = candidate;
    distance = found;
  }
  return nearest;
}

function levenshtein(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const changed = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
