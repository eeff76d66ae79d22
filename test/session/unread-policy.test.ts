import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tellOfPolicy } from '../../src/session/unread-policy.ts';
import { sessionRig } from './rig.ts';

test('a policy beside the Dockerfile is said not to be obeyed', async () => {
  const { dir, write } = await sessionRig();
  write({ 'app.Dockerfile': '', 'app.Dockerfile.rego': '', Dockerfile: '' });
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  for (const path of [join(dir, 'app.Dockerfile'), join(dir, 'Dockerfile')]) tellOfPolicy({ path }, warn);
  tellOfPolicy({}, warn);
  expect(warnings).toEqual(['app.Dockerfile.rego is not obeyed: there are no policies for sources']);
});
