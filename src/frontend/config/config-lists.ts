import type { ContainerConfig } from '../../image/oci/index.ts';
import { splitPair } from './build-env.ts';
import { type ImageDraft, withConfig } from './image-draft.ts';

/** What an instruction adds to a config; the last of a key counts. */
export interface ConfigAdditions {
  readonly labels?: readonly (readonly [string, string])[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly trigger?: string;
}

/** The parts of a config that grow entry by entry, apart from it while a stage is built: each entry costs the same, the thousandth too. */
export class ConfigLists {
  readonly #from: ContainerConfig;
  #env: { readonly pairs: string[]; readonly places: Map<string, number> } | undefined;
  #labels: Map<string, string> | undefined;
  #ports: Map<string, Record<string, never>> | undefined;
  #volumes: Map<string, Record<string, never>> | undefined;
  #triggers: string[] | undefined;

  constructor({ config }: ImageDraft) {
    this.#from = config;
  }

  /** In its place, or at the end. */
  setVariable(name: string, value: string): void {
    this.#env ??= placed(this.#from.Env ?? []);
    const { pairs, places } = this.#env;
    const at = places.get(name) ?? pairs.length;
    places.set(name, at);
    pairs[at] = `${name}=${value}`;
  }

  add({ labels, ports, volumes, trigger }: ConfigAdditions): void {
    if (labels !== undefined) {
      this.#labels ??= new Map(Object.entries(this.#from.Labels ?? {}));
      for (const [key, value] of labels) this.#labels.set(key, value);
    }
    if (ports !== undefined) this.#ports = withKeys(this.#ports, this.#from.ExposedPorts, ports);
    if (volumes !== undefined) this.#volumes = withKeys(this.#volumes, this.#from.Volumes, volumes);
    if (trigger !== undefined) {
      this.#triggers ??= [...(this.#from.OnBuild ?? [])];
      this.#triggers.push(trigger);
    }
  }

  /** The image with all that was added. */
  appliedTo(image: ImageDraft): ImageDraft {
    const changes: Partial<ContainerConfig> = {
      ...(this.#env === undefined ? {} : { Env: this.#env.pairs }),
      ...(this.#labels === undefined ? {} : { Labels: Object.fromEntries(this.#labels) }),
      ...(this.#ports === undefined ? {} : { ExposedPorts: Object.fromEntries(this.#ports) }),
      ...(this.#volumes === undefined ? {} : { Volumes: Object.fromEntries(this.#volumes) }),
      ...(this.#triggers === undefined ? {} : { OnBuild: this.#triggers }),
    };
    return Object.keys(changes).length === 0 ? image : withConfig(image, changes);
  }
}

/** A name that stands twice is changed in its first place, as BuildKit does. */
function placed(env: readonly string[]): { pairs: string[]; places: Map<string, number> } {
  const places = new Map<string, number>();
  for (const [at, pair] of env.entries()) {
    const [name] = splitPair(pair);
    if (!places.has(name)) places.set(name, at);
  }
  return { pairs: [...env], places };
}

type KeySet = Map<string, Record<string, never>>;

function withKeys(known: KeySet | undefined, from: object | null | undefined, names: readonly string[]): KeySet {
  const keys = known ?? new Map(Object.keys(from ?? {}).map((name) => [name, {}]));
  for (const name of names) keys.set(name, {});
  return keys;
}
