import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

test('a build tells at its end what checks found, and goes on', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n' });
  const built = await rig.built(['-t', 'found:1']);
  expect(built.stderr).toContain('1 warning found (use tsbuild --check to expand):');
  expect(built.stderr).toMatch(/- MaintainerDeprecated: .+ \(line 2\)/);
});

test('what a check finds is in the metadata file, whatever is printed; a build has it there when asked', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n' });
  const metadata = () => JSON.parse(readFileSync(join(rig.dir, 'md.json'), 'utf8')) as Record<string, unknown>;
  const printed = await rig.build(['--call=check,format=json', '--metadata-file', 'md.json']);
  expect(printed.code).toBe(1);
  expect(metadata()).toEqual({ 'result.json': JSON.parse(printed.stdout) });
  await rig.build(['--call=targets', '--metadata-file', 'md.json']);
  expect(metadata()).toMatchObject({ 'result.json': { targets: [{ default: true }] } });
  await rig.built(['--metadata-file', 'md.json'], { env: { BUILDX_METADATA_WARNINGS: 'true' } });
  expect(metadata()['buildx.build.warnings']).toHaveLength(1);
});

test('a file that makes errors of findings is not built', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: '# check=error=true\nFROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n' });
  const built = await rig.build(['-t', 'found:1']);
  expect(built.code).toBe(1);
  expect(built.stderr).toContain('MaintainerDeprecated');
  expect(built.stderr).not.toContain('exporting');
});

test('what was found above a syntax error is told beside it', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch AS Up\nMAINTAINER me\nBADCMD\nMAINTAINER me\n' });
  const built = await rig.build(['-t', 'found:1']);
  expect(built.code).toBe(1);
  expect(built.stderr).toContain('unknown instruction: BADCMD');
  expect(built.stderr).toMatch(
    /2 warnings found.+- StageNameCasing: .+ \(line 1\)\s+- MaintainerDeprecated: .+ \(line 2\)/s,
  );
});
