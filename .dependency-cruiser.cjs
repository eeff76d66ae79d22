/** The walls between the rooms (ARCHITECTURE.md, "Rooms"): checked by scripts/check-rooms.mjs, type imports count. */

// Bottom first. A room may import from the lines below its own; rooms on one line are strangers.
const LINES = [
  ['cache', 'src/util', 'src/errors\\.ts'],
  ['src/host', 'src/image/oci', 'src/image/archive'],
  ['src/image/toc', 'src/graph', 'src/progress'],
  [
    'src/image/layer',
    'src/image/names',
    'src/sources/context',
    'src/sources/registry',
    'src/sources/git',
    'src/sources/http',
  ],
  ['src/worker/snapshot', 'src/worker/exec'],
  ['src/worker/protocol\\.ts', 'src/worker/client', 'src/worker/server'],
  ['src/frontend', 'src/solver'],
  ['src/ops', 'src/exporter'],
  ['src/build-options\\.ts'],
  ['src/session'],
  ['src/build\\.ts', 'src/check\\.ts', 'src/context-listing\\.ts'],
  ['src/verify\\.ts', 'src/explain'],
  ['src/index\\.ts', 'src/cli'],
];

// Entries that are a file, that have no index because their files share no idea, or that are build.ts's own back room.
const OPEN = [
  'src/util',
  'src/errors\\.ts',
  'src/worker/protocol\\.ts',
  'src/build\\.ts',
  'src/check\\.ts',
  'src/context-listing\\.ts',
  'src/verify\\.ts',
  'src/build-options\\.ts',
  'src/session',
  'src/index\\.ts',
];

// A suite has a door for each of its rooms; a renderer, and a trace, is loaded only when it is chosen.
const DOORS = {
  'src/host': '^src/host/[^/]+/index\\.ts$',
  'src/progress': '^src/progress/(index|render/[a-z]+|trace/index)\\.ts$',
};

const OWNERS = {
  'dockerfile-ast': 'src/frontend',
  'tar-stream': 'src/image/archive',
  execa: 'src/host/process',
  'p-limit': 'src/solver',
  'xxhash-wasm': 'src/host/fs',
  koffi: 'src/host/sys',
  undici: 'src/host/net',
  commander: 'src/cli',
  'log-update': 'src/progress',
  yoctocolors: 'src/progress',
};

const at = (room) => `^${room}${room.endsWith('.ts') ? '$' : '/'}`;
const name = (room) => room.replace('src/', '').replace('\\.ts', '').replaceAll('/', '-');

const layers = LINES.flatMap((line, i) =>
  line.map((room) => ({
    name: `layers-${name(room)}`,
    comment: `${name(room)} imports from lower lines only: what is above it or beside it must be handed in`,
    severity: 'error',
    from: { path: at(room) },
    to: {
      path: [...line.filter((other) => other !== room), ...LINES.slice(i + 1).flat()].map(at),
      pathNot: allowedBeside(room),
    },
  })),
);

/** The two ends of the worker share its protocol, and only the inner one reaches what works inside the namespaces. */
function allowedBeside(room) {
  return room === 'src/worker/client' || room === 'src/worker/server' ? [at('src/worker/protocol\\.ts')] : [];
}

const doors = LINES.flat()
  .filter((room) => !OPEN.includes(room))
  .map((room) => ({
    name: `door-${name(room)}`,
    comment: `${name(room)} is entered by its index.ts: the rest of it may change without asking`,
    severity: 'error',
    from: { path: '^(src|cache)/', pathNot: at(room) },
    to: { path: at(room), pathNot: DOORS[room] ?? `^${room}/index\\.ts$` },
  }));

const owners = Object.entries(OWNERS).map(([npm, room]) => ({
  name: `owner-${npm}`,
  comment: `${npm} belongs to ${name(room)}: one room knows a package, so that it can be replaced`,
  severity: 'error',
  from: { path: '^(src|cache)/', pathNot: at(room) },
  to: { path: `^node_modules/${npm}/` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'files in a cycle can only be read together',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'cache-knows-nothing-of-src',
      comment: 'the store is a library of its own: its lock and its clock are handed in',
      severity: 'error',
      from: { path: '^cache/' },
      to: { path: '^src/' },
    },
    {
      name: 'worker-inside-only',
      comment: 'mounting and running happen inside the namespaces: only the worker server reaches snapshot and exec',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/worker/(server|snapshot|exec)/' },
      to: { path: '^src/worker/(snapshot|exec)/' },
    },
    {
      name: 'worker-front-stays-outside',
      comment:
        'the front talks to the worker through its protocol only; importing the server would load it into the wrong process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/worker/server/' },
      to: { path: '^src/worker/server/' },
    },
    {
      name: 'pure-rooms',
      comment: 'graph, image/oci, frontend and solver decide; what touches the machine is handed in',
      severity: 'error',
      from: { path: '^src/(graph|image/oci|frontend|solver)/' },
      to: {
        path: '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster)$',
      },
    },
    {
      name: 'no-tests-in-src',
      comment: 'what is shipped does not know its tests',
      severity: 'error',
      from: { path: '^(src|cache)/' },
      to: { path: '^(test|bench|scripts|fixtures)/' },
    },
    {
      name: 'only-declared-packages',
      comment:
        'a package that package.json does not list, or lists for development only, is missing where tsbuild is installed',
      severity: 'error',
      from: { path: '^(src|cache)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm'] },
    },
    {
      name: 'resolvable',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: { path: '^(src|cache)/' },
      to: { couldNotResolve: true },
    },
    ...layers,
    ...doors,
    ...owners,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
