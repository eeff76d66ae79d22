// Makes docs/report.schema.json, the JSON Schema of `--report FILE.json`, of the types in src/progress and their comments.
// They are read as text: what has no rule here is an error, so that the schema says all that the types say.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCES = ['src/progress/report-type.ts', 'src/progress/events.ts'];
const SHA256 = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
/** Types that the schema says in another way than TypeScript can. */
const KNOWN = { Integer: { type: 'integer', minimum: 0 }, Digest: SHA256, DiffID: SHA256, CacheKey: SHA256 };

/** @returns {Record<string, any>} */
export function reportSchema() {
  const declared = declarations();
  const definitions = new Map();
  const { description, ...report } = objectSchema('Report', { declared, definitions });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:tsbuild:report:1',
    title: 'A tsbuild report',
    description,
    ...report,
    $defs: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function declarations() {
  const found = new Map();
  for (const path of SOURCES) {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements)
      if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
        found.set(statement.name.text, statement);
  }
  return found;
}

function objectSchema(name, known) {
  const declaration = known.declared.get(name);
  const members = membersOf(declaration, known);
  const scope = { ...known, parameters: parametersOf(declaration) };
  const properties = members.map((member) => [member.name.text, propertySchema(member, scope)]);
  return {
    ...descriptionOf(declaration),
    type: 'object',
    properties: Object.fromEntries(properties),
    required: members.filter((member) => member.questionToken === undefined).map((member) => member.name.text),
  };
}

/** Those of the interfaces that it extends first; `Omit` is understood. */
function membersOf(declaration, known) {
  const inherited = (declaration.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap(({ expression, typeArguments = [] }) => {
      const [base, omitted] = typeArguments;
      if (expression.text !== 'Omit') throw new Error(`no rule for extends ${expression.getText()}`);
      const names = new Set(literalsOf(omitted));
      return membersOf(known.declared.get(base.typeName.text), known).filter(({ name }) => !names.has(name.text));
    }),
  );
  return [...inherited, ...declaration.members];
}

/** Each type parameter as its default. */
function parametersOf({ typeParameters = [] }) {
  return new Map(typeParameters.map((parameter) => [parameter.name.text, parameter.default]));
}

function propertySchema(member, known) {
  return { ...descriptionOf(member), ...typeSchema(member.type, known) };
}

function typeSchema(node, known) {
  if (ts.isTypeOperatorNode(node)) return typeSchema(node.type, known);
  if (ts.isArrayTypeNode(node)) return { type: 'array', items: typeSchema(node.elementType, known) };
  if (ts.isTypeReferenceNode(node)) return referenceSchema(node.typeName.text, known);
  if (node.kind === ts.SyntaxKind.StringKeyword) return { type: 'string' };
  if (node.kind === ts.SyntaxKind.BooleanKeyword) return { type: 'boolean' };
  if (ts.isLiteralTypeNode(node) && ts.isNumericLiteral(node.literal)) return { const: Number(node.literal.text) };
  return { enum: literalsOf(node, known) };
}

function referenceSchema(name, known) {
  if (KNOWN[name] !== undefined) return KNOWN[name];
  const parameter = known.parameters?.get(name);
  if (parameter !== undefined) return typeSchema(parameter, known);
  const declaration = known.declared.get(name);
  if (declaration === undefined) throw new Error(`no rule for the type ${name}`);
  if (ts.isTypeAliasDeclaration(declaration)) return typeSchema(declaration.type, known);
  if (!known.definitions.has(name)) {
    known.definitions.set(name, undefined);
    known.definitions.set(name, objectSchema(name, known));
  }
  return { $ref: `#/$defs/${name}` };
}

/** The strings of a union, by name too. */
function literalsOf(node, known) {
  if (ts.isUnionTypeNode(node)) return node.types.flatMap((one) => literalsOf(one, known));
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return [node.literal.text];
  if (ts.isTypeReferenceNode(node)) return literalsOf(known.declared.get(node.typeName.text).type, known);
  throw new Error(`no rule for the type ${node.getText()}`);
}

function descriptionOf(node) {
  const text = ts.getTextOfJSDocComment(node.jsDoc?.at(-1)?.comment);
  return text === undefined ? {} : { description: text.replace(/\s+/g, ' ') };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../docs/report.schema.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(reportSchema(), null, 2)}\n`);
}
