const KIB = 1024;

/** `68.2 MB`, `512 B`: decimal, as registries and docker count. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `0.3 s`, `21 s`, `3 min 5 s`. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** `1f3c…`: enough of a digest to recognise it. */
export function shortDigest(digest: string): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text from a Dockerfile or a file name, safe on a terminal: no control sequences, one line. */
export function plainText(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(CONTROL, '\ufffd');
}

/** Cuts at a width with an ellipsis; counts code points, which is right for most of what steps are named. */
export function clip(text: string, width: number): string {
  const points = [...text];
  return points.length <= width ? text : `${points.slice(0, Math.max(0, width - 1)).join('')}…`;
}

export const MIB = KIB * KIB;
