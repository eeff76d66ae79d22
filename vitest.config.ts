import { defineConfig } from 'vitest/config';

const common = { environment: 'node' as const, pool: 'forks' as const, slowTestThreshold: 300 };

export default defineConfig({
  esbuild: { target: 'es2022' },
  test: {
    projects: [
      {
        esbuild: { target: 'es2022' },
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/**/*.e2e.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        esbuild: { target: 'es2022' },
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/**/*.e2e.test.ts'],
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
