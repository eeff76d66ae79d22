/**
 * Makes koffi's own JavaScript a part of the bundle, so that it need not be looked for and compiled at each start. Its addons are packages that
 * stay where npm put them; an installer that hides them from all but koffi (pnpm) has koffi itself loaded instead.
 * @param {string} root of the repository
 * @returns {import('esbuild').Plugin}
 */
export function koffiInside(root) {
  return {
    name: 'koffi-inside',
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /\/src\/host\/sys\/koffi\.ts$/ }, () => ({ contents: LOADER, resolveDir: root }));
      onResolve({ filter: /^@koromix\// }, ({ path }) => ({ path, external: true }));
    },
  };
}

const LOADER = `
import { createRequire } from 'node:module';
export function loadKoffi() {
  try {
    return require('koffi');
  } catch {
    return createRequire(import.meta.filename)('koffi');
  }
}
`;
