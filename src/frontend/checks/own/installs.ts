import { operands, type ShellCommand } from './shell-commands.ts';

/** Does the command install packages that do not come from the context itself? */
export function isInstall([program, ...args]: ShellCommand): boolean {
  if (/^python[\d.]*$/.test(program) && args[0] === '-m' && args[1] === 'pip') return installsWithPip(args.slice(2));
  const isOne = Object.hasOwn(INSTALLS, program) ? INSTALLS[program] : undefined;
  return isOne?.(args) ?? false;
}

type Arguments = readonly string[];

const INSTALLS: { readonly [program: string]: (args: Arguments) => boolean } = {
  npm: verbs('ci', 'install', 'i', 'add'),
  yarn: (args) => ['install', 'add', undefined].includes(operands(args)[0]) && !args.includes('--version'),
  pnpm: verbs('install', 'i', 'add', 'fetch'),
  bun: verbs('install', 'i', 'add', 'ci'),
  pip: installsWithPip,
  pip3: installsWithPip,
  poetry: verbs('install'),
  pipenv: verbs('install', 'sync'),
  uv: (args) => args[0] === 'sync' || (args[0] === 'pip' && installsWithPip(args.slice(1))),
  conda: verbs('install'),
  mamba: verbs('install'),
  bundle: (args) => ['install', undefined].includes(operands(args)[0]),
  gem: verbs('install'),
  composer: verbs('install', 'require', 'update'),
  go: (args) => args[0] === 'get' || (args[0] === 'mod' && args[1] === 'download'),
  cargo: (args) => args[0] === 'fetch' || (args[0] === 'install' && !args.includes('--path')),
  mvn: (args) => args.some((arg) => arg.startsWith('dependency:')),
  mvnw: (args) => args.some((arg) => arg.startsWith('dependency:')),
  gradle: verbs('dependencies'),
  gradlew: verbs('dependencies'),
  dotnet: verbs('restore'),
  'apt-get': verbs('install'),
  apt: verbs('install'),
  apk: verbs('add'),
  dnf: verbs('install'),
  yum: verbs('install'),
  microdnf: verbs('install'),
};

function verbs(...known: readonly string[]): (args: Arguments) => boolean {
  return (args) => known.includes(operands(args)[0] ?? '');
}

/** `pip install .` is the build of what was copied. */
function installsWithPip(args: Arguments): boolean {
  const [verb, ...names] = operands(args);
  if (verb !== 'install') return false;
  return args.some((arg) => /^(?:-r|--requirement)/.test(arg)) || names.some((name) => !/^[./]/.test(name));
}
