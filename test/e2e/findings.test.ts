import { expect, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

test('a build tells at its end what checks found, and goes on', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n' });
  const built = await rig.built(['-t', 'found:1']);
  expect(built.stderr).toContain('1 warning found (use tsbuild --check to expand):');
  expect(built.stderr).toMatch(/- MaintainerDeprecated: .+ \(line 2\)/);
});

test('a file that makes errors of findings is not built', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: '# check=error=true\nFROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n' });
  const built = await rig.build(['-t', 'found:1']);
  expect(built.code).toBe(1);
  expect(built.stderr).toContain('MaintainerDeprecated');
  expect(built.stderr).not.toContain('exporting');
});
