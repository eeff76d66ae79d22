const LATE = 'late-child-process';

/**
 * commander asks for node:child_process when it is loaded, for subcommands that are programs of their own. tsbuild has none, and sockets and
 * all come with that module: it runs when somebody starts a process.
 * @returns {import('esbuild').Plugin}
 */
export function lateChildProcess() {
  return {
    name: LATE,
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
        importer.includes('/node_modules/commander/') ? { path, namespace: LATE } : undefined,
      );
      onLoad({ filter: /^/, namespace: LATE }, ({ path }) => ({
        contents: `module.exports = { get spawn() { return require(${JSON.stringify(path)}).spawn; } };`,
      }));
    },
  };
}
