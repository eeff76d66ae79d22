/**
 * What is checked, by name. The first part is BuildKit's, in its words; `isOwn` marks those that only tsbuild has, each with
 * the fix as its hint. `isExperimental` and own ones must be asked for.
 */
export const RULES = {
  StageNameCasing: { description: 'Stage names should be lowercase' },
  FromAsCasing: { description: "The 'as' keyword should match the case of the 'from' keyword" },
  NoEmptyContinuation: { description: 'Empty continuation lines will become errors in a future release' },
  ConsistentInstructionCasing: {
    description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  },
  DuplicateStageName: { description: 'Stage names should be unique' },
  ReservedStageName: { description: 'Reserved words should not be used as stage names' },
  JSONArgsRecommended: {
    description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  },
  MaintainerDeprecated: {
    description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  },
  UndefinedArgInFrom: { description: 'FROM command must use declared ARGs' },
  WorkdirRelativePath: {
    description:
      'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  },
  UndefinedVar: { description: 'Variables should be defined before their use' },
  MultipleInstructionsDisallowed: {
    description: 'Multiple instructions of the same type should not be used in the same stage',
  },
  LegacyKeyValueFormat: { description: 'Legacy key/value format with whitespace separator should not be used' },
  InvalidBaseImagePlatform: {
    description: 'Base image platform does not match expected target platform',
    hasNoPage: true,
  },
  RedundantTargetPlatform: {
    description: 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  },
  SecretsUsedInArgOrEnv: { description: 'Sensitive data should not be used in the ARG or ENV commands' },
  InvalidDefaultArgInFrom: {
    description: 'Default value for global ARG results in an empty or invalid base image name',
  },
  FromPlatformFlagConstDisallowed: { description: 'FROM --platform flag should not use a constant value' },
  CopyIgnoredFile: { description: 'Attempting to Copy file that is excluded by .dockerignore' },
  InvalidDefinitionDescription: {
    description:
      'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
    isExperimental: true,
  },
  ExposeProtoCasing: { description: 'Protocol in EXPOSE instruction should be lowercase' },
  ExposeInvalidFormat: {
    description:
      'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  },
  CopyBeforeInstall: {
    description: 'A package install below a COPY of the whole context runs again for every changed file',
    isOwn: true,
    hint: 'copy the manifest and its lock file first, install, and copy the rest below that',
  },
  AptUpdateAlone: {
    description: 'apt-get update in a RUN of its own is cached, and later installs work from stale lists',
    isOwn: true,
    hint: 'write RUN apt-get update && apt-get install -y --no-install-recommends PACKAGE && rm -rf /var/lib/apt/lists/*',
  },
  ShellAsInit: {
    description: 'A shell that stays PID 1 passes no signal on to the program it runs',
    isOwn: true,
    hint: 'write the JSON form, ["program", "argument"], or put exec before the program that stays',
  },
  ChangeDoublesLayer: {
    description: 'A recursive chown or chmod of copied files stores all of them a second time',
    isOwn: true,
    hint: 'set it while copying: COPY --chown=USER:GROUP --chmod=MODE',
  },
  SecretInCopy: {
    description: 'A copied credential stays in the layer, whatever is deleted later',
    isOwn: true,
    hint: 'use RUN --mount=type=secret,id=ID,target=PATH with --secret id=ID,src=FILE, and name the file in .dockerignore',
  },
} as const satisfies { readonly [name: string]: Rule };

interface Rule {
  readonly description: string;
  readonly isExperimental?: boolean;
  readonly isOwn?: boolean;
  readonly hint?: string;
  /** BuildKit documents it nowhere. */
  readonly hasNoPage?: boolean;
}

export type RuleName = keyof typeof RULES;

/** A rule as people are told about it. */
export interface RuleInfo {
  readonly name: string;
  readonly description: string;
  /** BuildKit's page. */
  readonly url: string | undefined;
  readonly hint: string | undefined;
  readonly isOwn: boolean;
  readonly mustBeAskedFor: boolean;
}

/** Of a diagnostic's code. */
export function describeRule(name: string): RuleInfo {
  const rule = findRule(name);
  if (rule === undefined) throw new Error(`${name} is no rule`);
  const { description, hint, isOwn = false, isExperimental = false, hasNoPage = false } = rule;
  const url = isOwn || hasNoPage ? undefined : `https://docs.docker.com/go/dockerfile/rule/${kebab(name)}/`;
  return { name, description, url, hint, isOwn, mustBeAskedFor: isOwn || isExperimental };
}

/** `JSONArgsRecommended` → `json-args-recommended` */
export function kebab(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
}

/** The names by which --check-rules knows them: those of rules, and words for many of them. */
export function isRuleWord(word: string): boolean {
  const wanted = word.toLowerCase();
  return wanted === OWN || wanted === 'all' || Object.keys(RULES).some((name) => name.toLowerCase() === wanted);
}

/** Words of --check-rules, which are in lower case, with the names of rules as those are spelt. */
export function spelledOut(words: Iterable<string>): readonly string[] {
  const all = Object.keys(RULES);
  return Array.from(words, (word) => all.find((name) => name.toLowerCase() === word) ?? word);
}

/** @param asked names of rules, `tsbuild` for its own, `all` */
export function isOn(name: RuleName, asked: ReadonlySet<string>): boolean {
  const { isOwn, mustBeAskedFor } = describeRule(name);
  return !mustBeAskedFor || asked.has('all') || asked.has(name) || (isOwn && asked.has(OWN));
}

const OWN = 'tsbuild';

function findRule(name: string): Rule | undefined {
  return Object.hasOwn(RULES, name) ? RULES[name as RuleName] : undefined;
}
