/** An empty network namespace; runc brings its loopback device up. */
export const noNetwork = { isOwn: true } as const;
