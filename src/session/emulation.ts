import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Vertex } from '../graph/index.ts';
import { PROBE_STATUS, probeProgram, run } from '../host/process/index.ts';
import { formatPlatform, hostPlatform, type Platform } from '../image/oci/index.ts';

export interface EmulationDeps {
  readonly host: Platform;
  /** Whether programs of an architecture run here. */
  readonly runsHere: (architecture: string) => Promise<boolean>;
}

/** This machine, asked by starting the smallest program there is; what cannot be asked counts as yes. */
export function emulationDeps(root: Pick<Root, 'tempPath'>, { signal }: { signal: AbortSignal }): EmulationDeps {
  return { host: hostPlatform(process.arch), runsHere: (architecture) => runsHere(architecture, root, signal) };
}

/** @throws BuildError emulation-missing, located */
export type AssertCanEmulate = (vertex: Vertex) => Promise<void>;

/**
 * Programs of a RUN's base image run on this machine: by its processor, or by an emulator that the kernel knows. To be asked of a
 * RUN that has missed, before anything is brought for it.
 */
export function makeAssertCanEmulate(deps: EmulationDeps): AssertCanEmulate {
  const known = new Map<string, Promise<boolean>>();
  return async (vertex) => {
    const platform = platformBelow(vertex);
    if (platform === undefined || platform.architecture === deps.host.architecture) return;
    const { architecture } = platform;
    const runs = known.get(architecture) ?? deps.runsHere(architecture);
    known.set(architecture, runs);
    if (!(await runs)) throw missing(vertex, platform, deps.host);
  };
}

/** Of the image that a step stands on; undefined when it stands on scratch. */
function platformBelow(vertex: Vertex): Platform | undefined {
  for (let at: Vertex | undefined = vertex; at !== undefined; at = at.inputs[0])
    if (at.op.kind === 'image') return at.op.imagePlatform ?? at.op.platform;
  return undefined;
}

async function runsHere(architecture: string, root: Pick<Root, 'tempPath'>, signal: AbortSignal): Promise<boolean> {
  const program = probeProgram(architecture);
  if (program === undefined) return true;
  // where the kernel knows no way, libc has a shell read the program as a script: one without commands, in a directory of its own
  const dir = root.tempPath('probe');
  try {
    mkdirSync(dir);
    const file = join(dir, 'probe');
    writeFileSync(file, program, { mode: 0o700 });
    return (await run([file], { signal, cwd: dir, env: { PATH: dir } })).exitCode === PROBE_STATUS;
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ENOEXEC') return false;
    return true;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function missing({ origin }: Vertex, platform: Platform, host: Platform): BuildError {
  const [wanted, here] = [formatPlatform(platform), formatPlatform(host)];
  return new BuildError(
    'emulation-missing',
    `${origin.name} stands on an image for ${wanted}, which this machine (${here}) cannot run`,
    {
      range: origin.range,
      hint: 'apt-get install -y qemu-user-static binfmt-support (in a container: on its host), or FROM --platform=$BUILDPLATFORM',
    },
  );
}
