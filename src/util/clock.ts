/** The wall clock, in milliseconds since the epoch. The only place that asks for it. */
export function nowMs(): number {
  return Date.now();
}

/** A clock that only moves forward, for durations. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
