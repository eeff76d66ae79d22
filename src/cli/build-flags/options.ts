import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { BuildOptions } from '../../build-options.ts';
import { BuildError } from '../../errors.ts';
import { parseAnnotations } from '../../exporter/index.ts';
import { isRuleWord } from '../../frontend/index.ts';
import { parseGoBool } from '../../util/go-bool.ts';
import type { CliContext } from '../context.ts';
import { authFiles, registryConfig, rootDirectory } from '../environment.ts';
import { assertReportNames } from '../reports.ts';
import { STDIN, writeStdout } from '../streams.ts';
import {
  buildArg,
  buildContext,
  byteSize,
  duration,
  extraHosts,
  label,
  lowerChoice,
  nameServer,
  oneOf,
  positiveInteger,
  processors,
  ulimit,
} from '../values.ts';
import { workerScript } from '../worker-script.ts';
import { existing } from './existing.ts';
import { outputsOf } from './outputs.ts';
import type { BuildFlags } from './parse.ts';
import { HOST, platformOf } from './platform.ts';
import { isQuiet } from './quiet.ts';
import { resourcesOf } from './resources.ts';
import { secretSources } from './secrets.ts';
import { sshPaths } from './ssh.ts';

/** Flags and environment → options; every value is checked here, so that nothing is built before all are understood. */
export function buildOptions(flags: BuildFlags, context: CliContext): BuildOptions {
  const { env, cwd } = context;
  assertReportNames(flags.report ?? []);
  assertTogether(flags);
  return {
    ...limits(flags),
    ...sources(flags, context),
    ...results(flags, context),
    ...cacheRules(flags),
    rootDir: resolve(cwd, rootDirectory(flags.root, env)),
    cacheMaxBytes: cacheMax(flags, env),
    cwd,
    buildArgs: buildArgs(flags, env),
    target: flags.target || undefined,
    checkRules: checkRules(flags.checkRules),
    platform: platformOf(flags.platform, env['DOCKER_DEFAULT_PLATFORM']),
    buildPlatform: HOST,
    allow: new Set((flags.allow ?? []).map(entitlement)),
    devices: flags.device ?? [],
    registryConfig: registryConfig(env, flags.registryMirror ?? []),
    credentials: new Map(),
    authFiles: authFiles(env),
    proxyEnv: env,
    workerEnv: env,
    workerScript: workerScript(),
    stdin: STDIN,
    stdout: writeStdout,
  };
}

function assertTogether(flags: BuildFlags): void {
  assertCacheFlags(flags);
  if (flags.context === '-' && flags.file === '-')
    throw new BuildError('usage', 'the context and the Dockerfile cannot both come from stdin');
}

function assertCacheFlags({ cache, noCacheFilter, failOnMiss }: BuildFlags): void {
  if (cache === false && noCacheFilter !== undefined)
    throw new BuildError('usage', '--no-cache and --no-cache-filter exclude each other');
  if (cache === false && failOnMiss !== undefined)
    throw new BuildError(
      'usage',
      '--no-cache and --fail-on-miss exclude each other: without the cache every step misses',
    );
}

/** Variables that count as build args without being named: buildx does so with the epoch. */
const FROM_ENV = ['SOURCE_DATE_EPOCH', 'BUILDKIT_DOCKERFILE_CHECK'];

function buildArgs(flags: BuildFlags, env: CliContext['env']): Map<string, string> {
  const args = new Map<string, string>();
  for (const name of FROM_ENV) {
    const value = env[name] ?? '';
    if (value !== '') args.set(name, value);
  }
  for (const text of flags.buildArg ?? []) setIfGiven(args, buildArg(text, env));
  return args;
}

function results(flags: BuildFlags, { cwd, env }: CliContext) {
  const outputs = outputsOf(flags, cwd);
  return {
    tags: flags.tag ?? [],
    labels: new Map((flags.label ?? []).map(label)),
    annotations: parseAnnotations(flags.annotation ?? []),
    outputs,
    isReproducible: flags.reproducible === true,
    // Behind an archive on stdout it would be a part of that.
    wantsID: isQuiet(flags) && outputs?.some(({ dest }) => dest === '-') !== true,
    iidFile: flags.iidfile === undefined ? undefined : resolve(cwd, flags.iidfile),
    metadataFile: flags.metadataFile === undefined ? undefined : resolve(cwd, flags.metadataFile),
    hasMetadataWarnings: parseGoBool(env['BUILDX_METADATA_WARNINGS'] ?? '') === true,
  };
}

function cacheRules(flags: BuildFlags) {
  return {
    noCache: flags.cache === false,
    isParanoid: flags.paranoid === true,
    failOnMiss: failOnMiss(flags.failOnMiss),
    noCacheFilter: (flags.noCacheFilter ?? []).flatMap((text) => text.split(',')),
    pull: pullMode(flags.pull),
  };
}

/** Alone it means every step, whatever else is named. */
function failOnMiss(words: readonly string[] | undefined): BuildOptions['failOnMiss'] {
  return words?.includes('') === true ? true : words;
}

function sources(flags: BuildFlags, { cwd, env }: CliContext) {
  return {
    context: flags.context,
    file: flags.file,
    contexts: new Map((flags.buildContext ?? []).map(buildContext)),
    secrets: secretSources(flags.secret ?? [], { cwd, env }),
    secretLeak:
      flags.secretLeak === undefined ? undefined : oneOf('--secret-leak', flags.secretLeak, ['warn', 'error', 'off']),
    ssh: sshPaths(flags, { cwd, env }),
    caFile: flags.ca === undefined ? undefined : existing('--ca', resolve(cwd, flags.ca)),
  };
}

/** `--cache-max`, else $TSBUILD_CACHE_MAX. */
function cacheMax({ cacheMax: flag }: BuildFlags, env: CliContext['env']): number | undefined {
  if (flag !== undefined) return byteSize('--cache-max', flag);
  const named = env['TSBUILD_CACHE_MAX'];
  return named === undefined || named === '' ? undefined : byteSize('TSBUILD_CACHE_MAX', named);
}

function limits(flags: BuildFlags) {
  return {
    network:
      flags.network === undefined
        ? ('default' as const)
        : oneOf('--network', flags.network, ['default', 'none', 'host']),
    dns: (flags.dns ?? []).map(nameServer),
    extraHosts: (flags.addHost ?? []).flatMap(extraHosts),
    ulimits: ulimits(flags.ulimit ?? []),
    // 0 is the default, as in docker
    shmSizeBytes: flags.shmSize === undefined ? undefined : byteSize('--shm-size', flags.shmSize) || undefined,
    runLimits: runLimits(flags),
    jobs: flags.jobs === undefined ? Math.max(8, 2 * availableParallelism()) : positiveInteger('--jobs', flags.jobs),
    runtime: flags.ociRuntime,
    lower: flags.lower === undefined ? undefined : lowerChoice(flags.lower),
  };
}

function runLimits({ resource, memory, cpus: count, stepTimeout }: BuildFlags): BuildOptions['runLimits'] {
  const resources = resourcesOf(resource ?? []);
  return {
    memoryBytes: memory === undefined ? resources.memoryBytes : byteSize('--memory', memory),
    cpus: count === undefined ? resources.cpus : processors(count),
    timeoutMs: stepTimeout === undefined ? undefined : duration('--step-timeout', stepTimeout),
  };
}

/** One a name, of which the last counts; in the order of names, so that none moves a key. */
function ulimits(texts: readonly string[]): BuildOptions['ulimits'] {
  const byName = new Map(texts.map(ulimit).map((limit) => [limit.name, limit]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A comma separated list, in any case. */
function checkRules(text: string | undefined): ReadonlySet<string> {
  const words = (text ?? '').split(',').map((word) => word.trim().toLowerCase());
  const given = words.filter((word) => word !== '');
  for (const word of given) {
    if (isRuleWord(word)) continue;
    throw new BuildError('usage', `--check-rules does not know ${JSON.stringify(word)}`, {
      hint: 'it takes tsbuild, all, or names of rules, e.g. --check-rules=tsbuild',
    });
  }
  return new Set(given);
}

const ENTITLEMENTS = ['network.host', 'security.insecure', 'device', 'device=NAME'] as const;

function entitlement(text: string): string {
  return /^device=./.test(text) ? text : oneOf('--allow', text, ENTITLEMENTS);
}

function setIfGiven(map: Map<string, string>, pair: [string, string] | undefined): void {
  if (pair !== undefined) map.set(pair[0], pair[1]);
}

function pullMode(text: string | undefined): BuildOptions['pull'] {
  const isPulled = text === undefined ? false : parseGoBool(text);
  if (isPulled !== undefined) return isPulled ? 'always' : 'auto';
  return oneOf('--pull', text ?? '', ['always', 'never']);
}
