/** A number from 0 up to the limit, exclusive; the same for the same seed. */
export type Random = (limit: number) => number;

/** Mulberry32: small, and repeats on every machine. */
export function makeRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const KEYWORDS =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  );
const WORDS =
  'scratch|AS|a|b|A=1|B=$A|${A:-${B:-x}}|${A//a*/b}|${A#?}|${A%%*}|"q $A"|\'s\'|"open|<<EOF|<<-\'E\'|<<a <<b|--from=a|--from=0|--chown=$A|--chmod=7|--mount=type=cache,target=/a|--mount=from=a,target=/b|--network=none|--platform=$BUILDPLATFORM|["a", "b"]|[1]|NONE|CMD|--interval=3s|80-81/tcp|$|${|\\|`|=|#|\u00e9\u{1f600}|\u0000|../x|*|http://h/x|a.git#b:c'.split(
    '|',
  );
const ENDS = ['\n', '\n', '\n', '\r\n', ' \\\n', '`\n', '\nEOF\n', '\nE\n', '\n# c\n', '', '\n\ta\n'];
const HEADS = ['', '', '# escape=`\n', '# check=skip=all\n', '\ufeff', '# syntax=docker/dockerfile:1\n', 'ARG A\n'];

/** A text that is nearly a Dockerfile. */
export function madeText(random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  let text = `${pick(HEADS)}FROM scratch AS a\n`;
  for (let count = random(8); count >= 0; count--) {
    const words = Array.from({ length: random(5) }, () => pick(WORDS));
    text += `${[random(9) === 0 ? 'ONBUILD ' : '', pick(KEYWORDS)].join('')} ${words.join(' ')}${pick(ENDS)}`;
  }
  return text;
}

/** The text with pieces removed, doubled, moved or replaced. */
export function mutated(text: string, other: string, random: Random): string {
  let result = text;
  for (let count = random(4); count >= 0; count--) {
    const at = random(result.length + 1);
    const end = Math.min(result.length, at + random(12));
    const from = random(other.length + 1);
    const pieces = [
      '',
      WORDS[random(WORDS.length)]!,
      other.slice(from, from + random(40)),
      result.slice(at, end).repeat(2),
    ];
    result = result.slice(0, at) + pieces[random(pieces.length)]! + result.slice(random(2) === 0 ? at : end);
  }
  return result;
}
