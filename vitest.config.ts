import { defineConfig } from 'vitest/config';

// Node 20 has no `await using`: it is compiled down, as in the bundle.
const oxc = { target: 'es2022' };
const common = { environment: 'node' as const, pool: 'forks' as const, slowTestThreshold: 300 };

export default defineConfig({
  oxc,
  test: {
    projects: [
      {
        oxc,
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/**/*.e2e.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        oxc,
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/**/*.e2e.test.ts'],
          globalSetup: ['test/rig/bases.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/graph/**', 'src/solver/**', 'src/frontend/**', 'src/image/layer/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { branches: 85 },
    },
  },
});
