import { contentIDOf, type DiffID, diffIDOf, digestOf, type KeyMaterial, type LayerRef } from '../../cache/index.ts';
import type { Definition, Op, RunOp, Vertex } from '../../src/graph/index.ts';
import type { BuildEvent } from '../../src/progress/index.ts';
import {
  type OpRunner,
  type OpRunners,
  type Prepared,
  type SolveOptions,
  solve,
  stackOf,
} from '../../src/solver/index.ts';
import { memoryRecords } from './memory-records.ts';

/** A RUN that has started and waits for the test. */
export interface StartedRun {
  readonly command: string;
  readonly signal: AbortSignal;
  /** Ends it; its layer is made of this content. */
  done(content?: string): void;
  fail(error: Error): void;
}

export function layerOf(content: string): LayerRef {
  const diffID = diffIDOf(digestOf(content));
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}

/** Other bytes of the same content. */
export function datedBy(epoch: number | undefined, layer: LayerRef): LayerRef {
  return epoch === undefined ? layer : { ...layer, diffID: diffIDOf(digestOf(`${layer.diffID} of ${epoch}`)) };
}

/** A solver with fake ops: `run` waits for the test, or ends at once when `auto` is set. */
export function solverRig() {
  const records = memoryRecords();
  const events: BuildEvent[] = [];
  const waiting: StartedRun[] = [];
  const asked: { command: string; resolve: (run: StartedRun) => void }[] = [];
  const ran: string[] = [];
  const state = { auto: true, contents: new Map<string, string>(), files: new Map<string, Record<string, string>>() };

  const start = (run: StartedRun): void => {
    const index = asked.findIndex((one) => one.command === run.command);
    const [waiter] = index < 0 ? [] : asked.splice(index, 1);
    if (waiter === undefined) waiting.push(run);
    else waiter.resolve(run);
  };
  const runner: OpRunner<RunOp> = {
    prepare(vertex, inputs, step): Promise<Prepared> {
      const command = vertex.op.argv.join(' ');
      const material: KeyMaterial = {
        op: 'run',
        version: 1,
        fields: {
          argv: vertex.op.argv,
          env: vertex.op.env,
          ...(vertex.op.epoch === undefined ? {} : { epoch: vertex.op.epoch }),
        },
        inputs: stackOf(inputs[0]).map((layer) => layer.contentID),
      };
      return Promise.resolve({
        kind: 'step',
        takesSlot: true,
        explanation: { buildArgs: vertex.origin.buildArgs, files: state.files.get(command) ?? {} },
        keys: [{ hit: 'same', material: () => Promise.resolve(material) }],
        run: async () => {
          ran.push(command);
          step.logsTo(`/logs/${command}`);
          const content = await new Promise<string>((resolve, reject) => {
            const run: StartedRun = {
              command,
              signal: step.signal,
              done: (text) => resolve(text ?? command),
              fail: reject,
            };
            step.signal.addEventListener('abort', () => reject(step.signal.reason as Error));
            if (state.auto) resolve(state.contents.get(command) ?? command);
            else start(run);
          });
          step.output('stdout', Buffer.from(content));
          return {
            layer: datedBy(vertex.op.epoch, layerOf(content)),
            size: content.length,
            materials: [material],
            usage: { cpuMs: 1 },
          };
        },
      });
    },
  };
  const given: OpRunner<Op> = {
    prepare: ({ op }) =>
      Promise.resolve(
        op.kind === 'image'
          ? {
              kind: 'given',
              result: { kind: 'stack', layers: op.layers },
              material: {
                op: 'image',
                version: 1,
                fields: { name: op.name, manifest: op.manifest, platform: op.platform.architecture },
                inputs: [],
              },
            }
          : { kind: 'given', result: { kind: 'stack', layers: [] } },
      ),
  };
  const runners: OpRunners = {
    image: given,
    scratch: given,
    context: given,
    http: given,
    git: given,
    copy: given,
    mkdir: given,
    run: runner,
  };

  return {
    runners,
    records,
    events,
    ran,
    state,
    nextRun(command: string): Promise<StartedRun> {
      const index = waiting.findIndex((run) => run.command === command);
      const [run] = index < 0 ? [] : waiting.splice(index, 1);
      return run === undefined ? new Promise((resolve) => asked.push({ command, resolve })) : Promise.resolve(run);
    },
    solve(vertices: readonly Vertex[], options: Partial<SolveOptions> = {}) {
      const last = vertices.at(-1);
      if (last === undefined) throw new Error('no vertex');
      const ids = new Map(vertices.map((vertex, index) => [vertex, `s${index + 1}`]));
      const platform = { os: 'linux', architecture: 'amd64' };
      const definition: Definition = {
        vertices,
        targets: [
          {
            platform,
            vertex: last,
            config: { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [] } },
            history: [],
          },
        ],
      };
      return solve(definition, {
        runners,
        records,
        emit: (event) => void events.push(event),
        stepID: (vertex) => ids.get(vertex) ?? 'unknown',
        build: 'test',
        jobs: 8,
        lost: new Map<DiffID, 'pruned'>(),
        layerSize: () => 1,
        prunedAt: () => undefined,
        clock: { nowMs: () => 1000 + records.all.length, elapsedMs: () => 0 },
        signal: new AbortController().signal,
        ...options,
      });
    },
    of<T extends BuildEvent['type']>(type: T): Extract<BuildEvent, { type: T }>[] {
      return events.filter((event): event is Extract<BuildEvent, { type: T }> => event.type === type);
    },
  };
}

let count = 0;

export function scratch(): Vertex {
  return vertex({ kind: 'scratch' }, []);
}

export function image(name: string, manifest: string, layers: readonly LayerRef[] = []): Vertex {
  return vertex(
    { kind: 'image', name, manifest: digestOf(manifest), platform: { os: 'linux', architecture: 'amd64' }, layers },
    [],
    { kind: 'FROM', index: 1 },
  );
}

export interface RunExtras {
  readonly env?: readonly string[];
  readonly index?: number;
  readonly buildArgs?: Record<string, string>;
  readonly ignoreCache?: boolean;
  readonly epoch?: number;
}

export function run(
  command: string,
  inputs: readonly Vertex[],
  { env = [], index = 2, buildArgs = {}, ignoreCache = false, epoch }: RunExtras = {},
): Vertex {
  const op: RunOp = {
    kind: 'run',
    argv: [command],
    env,
    cwd: '/',
    user: '',
    hostname: '',
    network: 'default',
    security: 'sandbox',
    platform: { os: 'linux', architecture: 'amd64' },
    mounts: [],
    extraHosts: [],
    ulimits: [],
    devices: [],
    epoch,
  };
  return vertex(op, inputs, {
    kind: 'RUN',
    index,
    name: `[stage-0 ${index}/9] RUN ${command}`,
    buildArgs,
    ignoreCache,
  });
}

function vertex(op: Op, inputs: readonly Vertex[], origin: Partial<Vertex['origin']> = {}): Vertex {
  count += 1;
  return {
    digest: digestOf(JSON.stringify([op, inputs.map((input) => input.digest)])),
    op,
    inputs,
    origin: {
      name: `v${count}`,
      isStep: op.kind !== 'scratch',
      stage: 'stage-0',
      index: 1,
      kind: '',
      buildArgs: {},
      ignoreCache: false,
      ...origin,
    },
  };
}
