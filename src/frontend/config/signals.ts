/** True for what BuildKit takes: a Linux signal's name with or without SIG, any case, or any number but 0. */
export function isSignal(text: string): boolean {
  if (/^[+-]?\d+$/.test(text)) return isInt64(BigInt(text.replace('+', ''))) && Number(text) !== 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RTMIN\+([1-9]\d?)$|^RTMAX-([1-9]\d?)$/.exec(name);
  if (realtime === null) return NAMES.has(name);
  const offset = Number(realtime[1] ?? realtime[2]);
  return offset >= 1 && offset <= (realtime[1] === undefined ? MAX_BELOW_RTMAX : MAX_ABOVE_RTMIN);
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

const MAX_ABOVE_RTMIN = 15;
const MAX_BELOW_RTMAX = 14;
const NAMES = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT STOP SYS ' +
    'TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
  ).split(' '),
);
