import type { Digest, LayerRef } from '../../cache/index.ts';
import type { Platform } from '../image/oci/index.ts';

/**
 * Ops are fully expanded values: no variable, stage name or relative path is left to look up. Inputs are named by their
 * index in the vertex's `inputs`.
 */
export type Op = ImageOp | ScratchOp | ContextOp | CopyOp | RunOp | MkdirOp | HttpOp | GitOp;
export type OpKind = Op['kind'];

/** FROM image: the layers that the manifest names. No inputs. */
export interface ImageOp {
  readonly kind: 'image';
  /** Normalised: `docker.io/library/node:20`. */
  readonly name: string;
  readonly manifest: Digest;
  /** What was asked for. */
  readonly platform: Platform;
  /** What the image says it is for, where that is another one. */
  readonly imagePlatform?: Platform | undefined;
  readonly layers: readonly LayerRef[];
}

/** FROM scratch: an empty stack. No inputs. */
export interface ScratchOp {
  readonly kind: 'scratch';
}

/** A directory of the host that COPY, ADD and bind mounts read from. No inputs. */
export interface ContextOp {
  readonly kind: 'context';
  /** '' is the main context; else the name of a --build-context. */
  readonly name: string;
}

/** ADD url: one file named after the url. No inputs. */
export interface HttpOp {
  readonly kind: 'http';
  readonly url: string;
  readonly checksum?: Digest | undefined;
}

/** ADD git-url: a directory. No inputs. */
export interface GitOp {
  readonly kind: 'git';
  readonly url: string;
  readonly ref?: string | undefined;
  readonly subdir?: string | undefined;
  readonly checksum?: string | undefined;
  readonly keepGitDir: boolean;
  /** Checked out too unless false. */
  readonly submodules?: boolean | undefined;
  /** What files are dated with; the time of the checkout unless said otherwise. */
  readonly mtime?: 'checkout' | 'commit' | undefined;
  /** `checksum` says what to fetch, wherever the ref stands. */
  readonly fetchByCommit?: boolean | undefined;
}

/** COPY and ADD. inputs[0] is the stack below. */
export interface CopyOp {
  readonly kind: 'copy';
  readonly instruction: 'COPY' | 'ADD';
  readonly sources: readonly CopySource[];
  /** Absolute text path after WORKDIR was applied; a trailing slash means "directory" and is kept. */
  readonly dest: string;
  /** Expanded text as written: `user`, `user:group`, ids or names. */
  readonly chown?: string | undefined;
  /** Expanded and checked text: octal, or a symbolic list. */
  readonly chmod?: string | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly excludes: readonly string[];
  /** ADD: unpack archives; 'auto' unpacks local archives only. COPY: false. */
  readonly unpack: 'auto' | boolean;
  /** Seconds; dates what the copy itself makes (parents, heredocs). */
  readonly epoch?: number | undefined;
}

export type CopySource =
  /** A path or wildcard (Go's filepath.Match) below the top of `inputs[input]`. */
  | { readonly kind: 'path'; readonly input: number; readonly path: string }
  /** A heredoc: a file of this name and content, mode 0644. Content that is no UTF-8 stands as its bytes. */
  | { readonly kind: 'inline'; readonly name: string; readonly content: string; readonly encoding?: 'latin1' };

/** RUN. inputs[0] is the stack below; mounts name further inputs. */
export interface RunOp {
  readonly kind: 'run';
  readonly argv: readonly string[];
  /** `K=V`, in order, as the process shall see them (image ENV, ARGs, PATH). Proxy and secret variables are not here. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** Verbatim USER; '' is 0:0. */
  readonly user: string;
  /** What the image that it stands on is for; on scratch, what was asked for. */
  readonly platform: Platform;
  readonly hostname: string;
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly mounts: readonly RunMount[];
  /** A heredoc body that starts with `#!`: the last word of argv is /dev/pipes/<name>. */
  readonly script?: { readonly name: string; readonly content: string } | undefined;
  /** `host:ip`; only the host names enter the key. */
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number | undefined;
  readonly devices: readonly RunDevice[];
  /** Seconds; the clock of directories that tsbuild itself makes (a missing cwd). */
  readonly epoch?: number | undefined;
}

export interface RunDevice {
  /** A path of the host as `/dev/…[:/dev/…[:rwm]]`, or a name of the Container Device Interface. */
  readonly name: string;
  /** Without it, a RUN whose device is not there goes on. */
  readonly isRequired: boolean;
}

export type RunMount =
  | {
      readonly type: 'bind';
      readonly input: number;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | {
      readonly type: 'cache';
      readonly id: string;
      readonly target: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly readOnly: boolean;
      /** Of a new directory that starts empty; there as soon as one of them is given, which makes it another cache. */
      readonly attributes?: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
      /** What a new cache directory starts as; without a source it is empty, and another cache than without a seed. */
      readonly seed?: { readonly input: number; readonly source?: string | undefined } | undefined;
      /** What of the directory is shown; all of it when absent. */
      readonly subpath?: string | undefined;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly readOnly: boolean;
      readonly sizeBytes?: number | undefined;
    }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Absent when only `env` is asked for. */
      readonly target?: string | undefined;
      readonly env?: string | undefined;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** WORKDIR: makes a directory and its missing parents, 0755, owned by `user`. inputs[0] is the stack below. */
export interface MkdirOp {
  readonly kind: 'mkdir';
  /** Absolute and clean; never '/'. */
  readonly path: string;
  /** Verbatim USER; '' is 0:0. */
  readonly user: string;
  readonly epoch?: number | undefined;
}
