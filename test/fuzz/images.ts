import { digestOf } from '../../cache/index.ts';
import type { ResolvedImage } from '../../src/frontend/index.ts';
import type { ContainerConfig } from '../../src/image/oci/index.ts';

/** What images of the world carry, and what no builder would have written. */
const CONFIGS: readonly ContainerConfig[] = [
  { Env: ['PATH=/bin'], WorkingDir: '/' },
  {},
  { Env: ['A=1', 'A=2', 'B', '=C', '', 'D=$A=${A', 'PATH='], WorkingDir: 'relative/../..' },
  { OnBuild: ['RUN echo $A', 'COPY . /x', 'ARG A=${B:-1}', 'ENV C=$A', 'LABEL l="a b"'] },
  { OnBuild: ['COPY --from=a /b /c', 'RUN --mount=from=other,target=/m --mount=type=secret,id=s true'] },
  { OnBuild: ['ADD https://h/x.tar /x/', 'WORKDIR sub', 'USER 1:2', 'EXPOSE 1-3/udp', 'HEALTHCHECK NONE'] },
  { OnBuild: ['RUN <<E\necho\nE', 'RUN <<E', 'COPY <<a /b\nx\na'] },
  { OnBuild: ['FROM x'] },
  { OnBuild: ['ONBUILD RUN a'] },
  { OnBuild: ['', '  ', '# c', 'NOPE', 'RUN', '\ufeffRUN a', 'RUN [ "a"', 'RUN a\nRUN b'] },
  { Entrypoint: null, Cmd: null, Shell: [], User: '', StopSignal: 'NOPE', ArgsEscaped: true },
  {
    Entrypoint: ['a'],
    Cmd: [],
    Shell: ['cmd', '/S', '/C'],
    User: '$A',
    WorkingDir: 'C:\\x',
    ExposedPorts: { '80/tcp': {}, x: {} },
    Volumes: { '': {}, '/v': {} },
    Labels: { a: 'y', '': '' },
    Healthcheck: { Test: [], Interval: -1 },
  },
];

/** Every image exists; its name decides what it carries. `scratch` never comes here. */
export function resolveFake(name: string): Promise<ResolvedImage> {
  const config = CONFIGS[Buffer.from(name).reduce((sum, byte) => sum + byte, 0) % CONFIGS.length] ?? {};
  return Promise.resolve({
    name,
    manifest: digestOf(name),
    layers: [],
    config: {
      os: 'linux',
      architecture: 'amd64',
      config,
      history: [],
      rootfs: { type: 'layers', diff_ids: [] },
    },
  });
}
