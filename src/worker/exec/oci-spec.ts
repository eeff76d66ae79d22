import { randomUUID } from 'node:crypto';
import type { Rlimit } from './rlimits.ts';

/** The parts of the OCI runtime-spec (config.md, config-linux.md) that a RUN uses. */
export interface OciSpec {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly OciMount[];
  readonly linux: OciLinux;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciNamespace {
  readonly type: string;
  /** Of one that exists. */
  readonly path?: string;
}

interface OciProcess {
  readonly terminal: false;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids: readonly number[];
    readonly umask: number;
  };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: {
    readonly bounding: readonly string[];
    readonly effective: readonly string[];
    readonly permitted: readonly string[];
    readonly inheritable: readonly string[];
    readonly ambient: readonly string[];
  };
  readonly rlimits: readonly Rlimit[];
  readonly noNewPrivileges: false;
}

export interface OciDevice {
  readonly path: string;
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Of whatever type and number where these are absent. */
export interface DeviceRule extends Partial<Pick<OciDevice, 'type' | 'major' | 'minor'>> {
  readonly allow: boolean;
  readonly access: string;
}

interface OciLinux {
  readonly namespaces: readonly OciNamespace[];
  readonly devices?: readonly OciDevice[];
  readonly cgroupsPath?: string;
  readonly resources?: {
    readonly devices: readonly DeviceRule[];
    readonly memory?: { readonly limit: number };
    readonly cpu?: { readonly period: number; readonly quota: number };
  };
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp?: SeccompProfile;
}

export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
}

/** JSON with 64-bit integers as they are: an unlimited rlimit is more than a double can hold. */
export function renderSpec(spec: OciSpec): string {
  const marked = JSON.stringify(spec, (_, value: unknown) =>
    typeof value === 'bigint' ? `${INTEGER}${value}` : value,
  );
  return marked.replaceAll(new RegExp(`"${INTEGER}(\\d+)"`, 'g'), '$1');
}

/** Not to be known before, so that no string of a spec can begin with it. */
const INTEGER = `${randomUUID()}:`;
