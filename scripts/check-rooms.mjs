// Checks the walls of .dependency-cruiser.cjs. A cruise that silently saw too few files would pass, so the files on disk are
// counted too.
import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const folders = ['src', 'cache'];
const options = await extractOptions('./.dependency-cruiser.cjs');
const { output } = await cruise(folders, options, undefined, { tsConfig: extractTsConfig('./tsconfig.json') });
const { modules, summary } = output;

const cruised = new Set(modules.map((module) => module.source));
const onDisk = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);
const unseen = onDisk.filter((file) => !cruised.has(file));
for (const file of unseen) process.stdout.write(`${file}: was not cruised\n`);

const comments = new Map(summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment]));
for (const { rule, from, to } of summary.violations) {
  process.stdout.write(`${from} → ${to}\n  ${rule.name}: ${comments.get(rule.name)}\n`);
}
process.stdout.write(`rooms: ${onDisk.length} modules, ${summary.violations.length} violations\n`);
process.exitCode = unseen.length + summary.violations.length > 0 ? 1 : 0;
