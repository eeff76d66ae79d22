/** Stable, in place, with a scratch array as long; what is sorted already costs one pass. */
export function mergeSort(
  items: Uint32Array<ArrayBuffer>,
  scratch: Uint32Array<ArrayBuffer>,
  compare: (a: number, b: number) => number,
): void {
  for (let width = 1; width < items.length; width *= 2)
    for (let low = 0; low + width < items.length; low += 2 * width)
      merge(items, scratch, { low, middle: low + width, high: Math.min(low + 2 * width, items.length), compare });
}

interface Run {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly compare: (a: number, b: number) => number;
}

function merge(items: Uint32Array, scratch: Uint32Array, { low, middle, high, compare }: Run): void {
  if (compare(items[middle - 1] ?? 0, items[middle] ?? 0) <= 0) return;
  scratch.set(items.subarray(low, middle), 0);
  const leftCount = middle - low;
  let left = 0;
  let right = middle;
  let out = low;
  while (left < leftCount && right < high) {
    const [a, b] = [scratch[left] ?? 0, items[right] ?? 0];
    if (compare(a, b) <= 0) {
      items[out] = a;
      left += 1;
    } else {
      items[out] = b;
      right += 1;
    }
    out += 1;
  }
  items.set(scratch.subarray(left, leftCount), out);
}
