import { invalid, isObject, type JsonObject } from './json.ts';

/**
 * Typed reading of a JSON object's fields. Absent and null mean the same: undefined. Anything of another type than the
 * spec's is image-invalid, with the field's name.
 */
export interface Fields {
  readonly what: string;
  text(name: string): string | undefined;
  requiredText(name: string): string;
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  texts(name: string): readonly string[] | undefined;
  textMap(name: string): { readonly [key: string]: string } | undefined;
  /** The keys of an object whose values say nothing: ports, volumes. */
  keySet(name: string): { readonly [key: string]: Record<string, never> } | undefined;
  object(name: string): Fields | undefined;
  objects(name: string): readonly Fields[] | undefined;
}

/** Arrays and objects beyond this are no image's. */
const MAX_ITEMS = 20_000;

export function fieldsOf(object: JsonObject, what: string): Fields {
  const wrong = (name: string, wanted: string) => invalid(what, `has a field "${name}" that is not ${wanted}`);
  const valueOf = (name: string): unknown => (Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined);
  const simple = <T>(name: string, type: 'string' | 'boolean', wanted: string): T | undefined => {
    const value = valueOf(name);
    if (value !== undefined && typeof value !== type) throw wrong(name, wanted);
    return value as T | undefined;
  };
  const array = (name: string): readonly unknown[] | undefined => {
    const value = valueOf(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length > MAX_ITEMS) throw wrong(name, 'a list');
    return value;
  };
  const entries = (name: string): [string, unknown][] | undefined => {
    const value = valueOf(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw wrong(name, 'an object');
    const found = Object.entries(value);
    if (found.length > MAX_ITEMS) throw wrong(name, 'of a sane size');
    return found;
  };
  const text = (name: string) => simple<string>(name, 'string', 'text');
  return {
    what,
    text,
    requiredText(name) {
      const value = text(name);
      if (value === undefined || value === '') throw invalid(what, `has no "${name}"`);
      return value;
    },
    number(name) {
      const value = valueOf(name);
      if (value !== undefined && !Number.isSafeInteger(value)) throw wrong(name, 'a whole number');
      return value as number | undefined;
    },
    flag: (name) => simple<boolean>(name, 'boolean', 'true or false'),
    texts(name) {
      return array(name)?.map((item) => {
        if (typeof item !== 'string') throw wrong(name, 'a list of texts');
        return item;
      });
    },
    textMap(name) {
      const found = entries(name)?.map(([key, value]): [string, string] => {
        if (typeof value !== 'string') throw wrong(name, 'an object of texts');
        return [key, value];
      });
      return found === undefined ? undefined : Object.fromEntries(found);
    },
    keySet(name) {
      const found = entries(name);
      return found === undefined ? undefined : Object.fromEntries(found.map(([key]) => [key, {}]));
    },
    object(name) {
      const value = valueOf(name);
      if (value === undefined) return undefined;
      if (!isObject(value)) throw wrong(name, 'an object');
      return fieldsOf(value, what);
    },
    objects(name) {
      return array(name)?.map((item) => {
        if (!isObject(item)) throw wrong(name, 'a list of objects');
        return fieldsOf(item, what);
      });
    },
  };
}

/** The same object without fields that are undefined. */
export function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
