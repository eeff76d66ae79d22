import { invalid, isObject, type JsonObject } from './json.ts';

/** Arrays and objects beyond this are no image's. */
const MAX_ITEMS = 20_000;

/**
 * Typed reading of a JSON object's fields. Absent and null mean the same: undefined. Anything of another type than the
 * spec's is image-invalid, with the field's name.
 */
export class Fields {
  readonly what: string;
  readonly #object: JsonObject;

  /** @param what the object, for messages */
  constructor(object: JsonObject, what: string) {
    this.what = what;
    this.#object = object;
  }

  text(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') throw this.#wrong(name, 'text');
    return value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw invalid(this.what, `has no "${name}"`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.#get(name);
    if (value !== undefined && !Number.isSafeInteger(value)) throw this.#wrong(name, 'a whole number');
    return value as number | undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'boolean') throw this.#wrong(name, 'true or false');
    return value;
  }

  texts(name: string): readonly string[] | undefined {
    return this.#list(name)?.map((item) => {
      if (typeof item !== 'string') throw this.#wrong(name, 'a list of texts');
      return item;
    });
  }

  textMap(name: string): { readonly [key: string]: string } | undefined {
    const entries = this.#entries(name)?.map(([key, value]): [string, string] => {
      if (typeof value !== 'string') throw this.#wrong(name, 'an object of texts');
      return [key, value];
    });
    return entries === undefined ? undefined : Object.fromEntries(entries);
  }

  /** The keys of an object whose values say nothing: ports, volumes. */
  keySet(name: string): { readonly [key: string]: Record<string, never> } | undefined {
    const entries = this.#entries(name);
    return entries === undefined ? undefined : Object.fromEntries(entries.map(([key]) => [key, {}]));
  }

  object(name: string): Fields | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#wrong(name, 'an object');
    return new Fields(value, this.what);
  }

  objects(name: string): readonly Fields[] | undefined {
    return this.#list(name)?.map((item) => {
      if (!isObject(item)) throw this.#wrong(name, 'a list of objects');
      return new Fields(item, this.what);
    });
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  #list(name: string): readonly unknown[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length > MAX_ITEMS) throw this.#wrong(name, 'a list of a sane length');
    return value as readonly unknown[];
  }

  #entries(name: string): [string, unknown][] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const entries = isObject(value) ? Object.entries(value) : undefined;
    if (entries === undefined || entries.length > MAX_ITEMS) throw this.#wrong(name, 'an object of a sane size');
    return entries;
  }

  #wrong(name: string, wanted: string): Error {
    return invalid(this.what, `has a field "${name}" that is not ${wanted}`);
  }
}
