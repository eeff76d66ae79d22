import { isDigest } from '../../../cache/index.ts';
import { withoutAbsent } from '../../util/without-absent.ts';
import type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from './config.ts';
import { Fields } from './fields.ts';
import { invalid, parseJsonObject } from './json.ts';

export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/**
 * An image configuration from anywhere. Fields that tsbuild does not know are dropped.
 * @throws BuildError image-invalid
 */
export function parseConfig(bytes: Uint8Array, what = 'image config'): ImageConfig {
  const fields = new Fields(parseJsonObject(bytes, { maxBytes: MAX_CONFIG_BYTES, what }), what);
  return withoutAbsent({
    architecture: fields.text('architecture') ?? '',
    os: fields.text('os') ?? 'linux',
    variant: nonEmpty(fields.text('variant')),
    'os.version': nonEmpty(fields.text('os.version')),
    author: nonEmpty(fields.text('author')),
    created: nonEmpty(fields.text('created')),
    config: containerConfig(fields.object('config') ?? new Fields({}, what)),
    rootfs: { type: 'layers' as const, diff_ids: diffIDs(fields) },
    history: fields.objects('history')?.map(historyEntry),
  });
}

function diffIDs(fields: Fields): readonly string[] {
  const rootfs = fields.object('rootfs');
  if (rootfs === undefined) throw invalid(fields.what, 'has no rootfs: not an image config');
  const found = rootfs.texts('diff_ids') ?? [];
  const wrong = found.find((text) => !isDigest(text));
  if (wrong !== undefined)
    throw invalid(fields.what, `has a diff_id that is not sha256: ${JSON.stringify(wrong.slice(0, 100))}`);
  return found;
}

function containerConfig(fields: Fields): ContainerConfig {
  return withoutAbsent({
    User: nonEmpty(fields.text('User')),
    ExposedPorts: fields.keySet('ExposedPorts'),
    Env: fields.texts('Env'),
    Entrypoint: fields.texts('Entrypoint'),
    Cmd: fields.texts('Cmd'),
    Volumes: fields.keySet('Volumes'),
    WorkingDir: nonEmpty(fields.text('WorkingDir')),
    Labels: fields.textMap('Labels'),
    StopSignal: nonEmpty(fields.text('StopSignal')),
    ArgsEscaped: fields.flag('ArgsEscaped'),
    Healthcheck: healthcheck(fields.object('Healthcheck')),
    OnBuild: fields.texts('OnBuild'),
    Shell: fields.texts('Shell'),
  });
}

function healthcheck(fields: Fields | undefined): Healthcheck | undefined {
  if (fields === undefined) return undefined;
  return withoutAbsent({
    Test: fields.texts('Test'),
    Interval: fields.number('Interval'),
    Timeout: fields.number('Timeout'),
    StartPeriod: fields.number('StartPeriod'),
    StartInterval: fields.number('StartInterval'),
    Retries: fields.number('Retries'),
  });
}

function historyEntry(fields: Fields): HistoryEntry {
  return withoutAbsent({
    created: fields.text('created'),
    created_by: fields.text('created_by'),
    author: nonEmpty(fields.text('author')),
    comment: nonEmpty(fields.text('comment')),
    empty_layer: fields.flag('empty_layer'),
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
