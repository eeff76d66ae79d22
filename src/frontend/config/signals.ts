/** True for what `docker run --stop-signal` takes: a Linux signal's name with or without SIG, any case, or a number. */
export function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RTMIN\+(\d{1,2})$|^RTMAX-(\d{1,2})$/.exec(name);
  if (realtime === null) return NAMES.has(name);
  const offset = Number(realtime[1] ?? realtime[2]);
  return offset >= 1 && offset <= (realtime[1] === undefined ? MAX_BELOW_RTMAX : MAX_ABOVE_RTMIN);
}

const MAX_ABOVE_RTMIN = 15;
const MAX_BELOW_RTMAX = 14;
const NAMES = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT STOP SYS ' +
    'TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
  ).split(' '),
);
