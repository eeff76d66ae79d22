/** The wall clock, in milliseconds since the epoch. The only place that asks for it. */
export function nowMs(): number {
  return Date.now();
}

/** A clock that only moves forward, for durations: milliseconds since the process began. */
export function monotonicMs(): number {
  return process.uptime() * 1000;
}
