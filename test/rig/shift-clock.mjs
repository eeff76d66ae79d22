// Preloaded into tsbuild (NODE_OPTIONS=--import): its wall clock goes $SHIFT_CLOCK_MS later.
const now = Date.now;
Date.now = () => now() + Number(process.env.SHIFT_CLOCK_MS ?? 0);
