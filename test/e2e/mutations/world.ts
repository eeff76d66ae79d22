import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseLines, renderLine } from '../../../cache/records/lines.ts';
import { makeBases } from '../../rig/bases.ts';
import { CliRig, output, type Report } from '../../rig/cli.ts';

/** What a mutation can change before the build is repeated. */
export interface World {
  readonly dir: string;
  readonly context: string;
  readonly root: string;
  readonly read: (path: string) => string;
  readonly write: (path: string, text: string) => void;
  readonly append: (path: string, text: string) => void;
  /** Replaces text of the Dockerfile that must be there. */
  readonly edit: (from: string, to: string) => void;
  /** Builds another image in the same root. */
  readonly image: (name: string, dockerfile: string) => Promise<void>;
  /** Builds an image in another root, and gives it as the build context `base`. */
  readonly layout: (dockerfile: string, ...flags: readonly string[]) => Promise<string[]>;
  /** Runs the command line on the same root. */
  readonly tsbuild: (...argv: readonly string[]) => Promise<void>;
  /** Serves one file over HTTP until the mutation has ended; what is set afterwards is served from then on. */
  readonly serve: (served: Served) => Promise<Server>;
  /** Builds as it stands, with these flags, between the first build and the one that is judged. */
  readonly build: (flags: readonly string[]) => Promise<Report>;
}

export interface Served {
  readonly body: string;
  readonly etag?: string;
  readonly modified?: string;
}

export interface Server {
  readonly url: string;
  served: Served;
  /** Answers so far, by status. */
  readonly statuses: readonly number[];
}

export interface Again {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A prefix that runs the command in other surroundings. */
  readonly as?: readonly string[];
  /** A directory to build instead of the context. */
  readonly context?: string;
  /** Looks, after the build that is judged, at what it did elsewhere. */
  readonly after?: () => void;
}

/** Gives an `Again`, a promise of one, or nothing of interest. */
export type Change = (world: World) => unknown;

const FLAGS = ['-t', 'mutations:1'];

const FILES: Readonly<Record<string, string>> = {
  Dockerfile: `
# what every mutation starts from
FROM busybox AS files
COPY src/ /src/
RUN cat /src/a.txt > /out

FROM busybox AS args
ARG VERSION=1.2
RUN echo version > /version

FROM busybox AS env
ENV MODE=prod
RUN echo "mode $MODE" > /mode

FROM busybox AS mounts
RUN --mount=type=bind,source=conf,target=/conf cat /conf/one.conf > /bound
RUN --mount=type=secret,id=token cat /run/secrets/token > /dev/null; echo secret > /secret
RUN --mount=type=cache,id=first,target=/cache echo cached > /cached

FROM busybox AS user
RUN echo "app:x:\${UID:-100}:101::/:/bin/sh" >> /etc/passwd
COPY --chown=app src/b.txt /b.txt
USER app
RUN echo mine > /tmp/mine

FROM busybox AS documents
RUN <<END
echo first > /heredoc
END
COPY <<END /inline
text
END

FROM busybox AS final
WORKDIR /app
COPY --from=files /out ./
COPY --from=args /version ./
COPY --from=env /mode ./
COPY --from=mounts /bound /secret /cached ./
COPY --from=user /b.txt /tmp/mine ./
COPY --from=documents /heredoc /inline ./
LABEL kind=mutations
CMD ["true"]
`.trimStart(),
  '.dockerignore': '**/*.log\n',
  'src/a.txt': 'alpha\n',
  'src/b.txt': 'beta\n',
  'src/run.sh': 'echo run\n',
  'src/deep/c.txt': 'gamma\n',
  'src/debug.log': 'noise\n',
  'conf/one.conf': 'one\n',
  'conf/two.conf': 'two\n',
  'other.txt': 'not copied\n',
};

/** One build of a Dockerfile with a bit of everything; each mutation begins from a copy of what it left. */
export class Mutations {
  readonly #dir: string;
  readonly #rig: CliRig;
  #servers: HttpServer[] = [];

  private constructor(dir: string, rig: CliRig) {
    this.#dir = dir;
    this.#rig = rig;
  }

  static async setup(): Promise<Mutations> {
    const dir = mkdtempSync(join(tmpdir(), 'tsbuild-mutations-'));
    const mutations = new Mutations(dir, CliRig.setup(join(dir, 'root')));
    const { root, context } = mutations.#rig;
    await makeBases(root, ['busybox']);
    for (const [path, text] of Object.entries(FILES)) write(join(context, path), text);
    write(join(dir, 'token'), 'one');
    await mutations.#build({});
    cpSync(root, join(dir, 'root0'), { recursive: true, preserveTimestamps: true });
    cpSync(context, join(dir, 'context0'), { recursive: true, preserveTimestamps: true });
    return mutations;
  }

  async report(change: Change): Promise<Report> {
    const { root, context } = this.#rig;
    for (const [from, to] of [
      ['root0', root],
      ['context0', context],
    ] as const) {
      rmSync(to, { recursive: true, force: true });
      cpSync(join(this.#dir, from), to, { recursive: true, preserveTimestamps: true });
    }
    write(join(this.#dir, 'token'), 'one');
    try {
      const changed = await change(this.#world());
      const again: Again = typeof changed === 'object' && changed !== null ? changed : {};
      const { report } = await this.#build(again);
      again.after?.();
      return report;
    } finally {
      for (const server of this.#servers) server.close();
      this.#servers = [];
    }
  }

  end(): void {
    rmSync(this.#dir, { recursive: true, force: true });
    rmSync(this.#rig.dir, { recursive: true, force: true });
  }

  #world(): World {
    const { root, context } = this.#rig;
    const read = (path: string): string => readFileSync(join(context, path), 'utf8');
    return {
      dir: this.#dir,
      context,
      root,
      read,
      write: (path, text) => write(join(context, path), text),
      append: (path, text) => appendFileSync(join(context, path), text),
      edit(from, to) {
        const text = read('Dockerfile');
        if (!text.includes(from)) throw new Error(`the Dockerfile has no ${JSON.stringify(from)}`);
        write(join(context, 'Dockerfile'), text.replace(from, to));
      },
      image: async (name, dockerfile) => {
        await this.#image(this.#rig, dockerfile, ['-t', name]);
      },
      layout: async (dockerfile, ...flags) => {
        await using other = CliRig.setup();
        cpSync(join(this.#dir, 'root0'), other.root, { recursive: true, preserveTimestamps: true });
        const tar = await this.#image(other, dockerfile, ['-t', 'base:1', ...flags]);
        const layout = join(this.#dir, 'layout');
        rmSync(layout, { recursive: true, force: true });
        mkdirSync(layout);
        await output(['tar', '-xf', tar, '-C', layout]);
        return ['--build-context', `base=oci-layout://${layout}`];
      },
      tsbuild: async (...argv) => {
        const { code, stderr } = await this.#rig.tsbuild(argv);
        if (code !== 0) throw new Error(`tsbuild ${argv.join(' ')} exited with ${String(code)}: ${stderr}`);
      },
      serve: async (served) => {
        const { server, answers } = await serveFile(served);
        this.#servers.push(server);
        return answers;
      },
      build: async (flags) => (await this.#build({ flags })).report,
    };
  }

  async #image(rig: CliRig, dockerfile: string, flags: readonly string[]): Promise<string> {
    const context = join(this.#dir, 'image');
    const tar = join(this.#dir, 'image.tar');
    write(join(context, 'Dockerfile'), dockerfile);
    await rig.built([...flags, '-o', `type=oci,dest=${tar}`], {}, context);
    return tar;
  }

  #build({ flags = [], env = {}, as = [], context }: Again) {
    const secret = ['--secret', `id=token,src=${join(this.#dir, 'token')}`];
    return this.#rig.built([...FLAGS, ...secret, ...flags], { env, as }, context);
  }
}

/** A file server that knows ETag and Last-Modified. */
async function serveFile(first: Served): Promise<{ server: HttpServer; answers: Server }> {
  const statuses: number[] = [];
  const server = createServer(({ headers }, response) => {
    const { body, etag, modified } = answers.served;
    const isSame =
      etag === undefined
        ? modified !== undefined && headers['if-modified-since'] === modified
        : headers['if-none-match'] === etag;
    statuses.push(isSame ? 304 : 200);
    response.writeHead(isSame ? 304 : 200, {
      ...(etag === undefined ? {} : { etag }),
      ...(modified === undefined ? {} : { 'last-modified': modified }),
    });
    response.end(isSame ? undefined : body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answers: Server = { url: `http://127.0.0.1:${String(port)}/file`, served: first, statuses };
  return { server, answers };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Record files that hold a text. */
export function recordsWith(root: string, text: string): string[] {
  const dir = join(root, 'records/v1');
  return readdirSync(dir)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((name) => readdirSync(join(dir, name)).map((file) => join(dir, name, file)))
    .filter((file) => statSync(file).isFile() && readFileSync(file, 'utf8').includes(text));
}

/** Writes a record anew, whole, with another text. */
export function editRecord(file: string, edit: (text: string) => string): void {
  const { texts } = parseLines(readFileSync(file, 'utf8'));
  writeFileSync(file, texts.map((text) => renderLine(edit(text))).join(''));
}

/** The directory of the layer that the step made whose record holds this text. */
export function layerOf(root: string, text: string): string {
  const [file] = recordsWith(root, text);
  const diffID =
    file === undefined ? undefined : /"diffID":"sha256:([0-9a-f]{64})"/.exec(readFileSync(file, 'utf8'))?.[1];
  if (diffID === undefined) throw new Error(`no record holds ${text}`);
  return join(root, 'layers/v1', diffID);
}
