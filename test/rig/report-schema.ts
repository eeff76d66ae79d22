import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';

export const SCHEMA_FILE = fileURLToPath(new URL('../../docs/report.schema.json', import.meta.url));

const ajv = new Ajv2020({ allErrors: true });
const validateAsPublished = ajv.compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as object);
const validateClosed = ajv.compile(closed(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))) as object);

/**
 * What is wrong with a report, by the published schema and by one that knows no further fields: a field that is not in the
 * schema is a mistake here.
 */
export function schemaErrors(report: unknown): string[] {
  return [validateAsPublished, validateClosed].flatMap((validate) =>
    validate(report) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`),
  );
}

/** The same schema, each object of which has no other properties. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) =>
    name === '$id' ? [name, `${String(value)}:closed`] : [name, closed(value)],
  );
  const object = Object.fromEntries(entries) as Record<string, unknown>;
  return object['type'] === 'object' ? { ...object, additionalProperties: false } : object;
}
