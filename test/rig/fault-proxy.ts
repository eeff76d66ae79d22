import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What the proxy makes of one answer; each is told of the registry's own. */
export type Damage =
  /** Answers itself. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Cuts the connection: before the answer, or after so many bytes of its body. */
  | { readonly kind: 'reset'; readonly after?: number }
  /** Ends the body early, and says so in the length. */
  | { readonly kind: 'truncate'; readonly at: number }
  /** Announces so many bytes more, or fewer, than come. */
  | { readonly kind: 'wrong-length'; readonly by: number }
  | { readonly kind: 'flip'; readonly at: number }
  /** The body and then more, for ever. */
  | { readonly kind: 'endless' }
  /** One byte a tick; `onByte` moves a virtual clock. */
  | { readonly kind: 'drip'; readonly onByte: () => void }
  | { readonly kind: 'header'; readonly name: string; readonly value: string };

export interface ProxiedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** How often this was asked for before, by method and url. */
  readonly before: number;
}

/** A proxy in front of a registry that answers wrongly where it is told to. */
export class FaultProxy implements AsyncDisposable {
  readonly requests: ProxiedRequest[] = [];
  /** Bytes of bodies that were handed to the network. */
  sentBytes = 0;
  damage: (asked: ProxiedRequest) => Damage | undefined = () => undefined;
  readonly #upstream: string;
  readonly #server: Server;

  private constructor(upstream: string, server: Server) {
    this.#upstream = upstream;
    this.#server = server;
  }

  /** @param upstream `127.0.0.1:5000` */
  static async start(upstream: string): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(upstream, server);
    server.on('request', (asked, response) => void proxy.#serve(asked, response).catch(() => response.destroy()));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #serve(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = asked;
    const before = this.requests.filter((one) => one.method === method && one.url === url).length;
    const seen = { method, url, headers, before };
    this.requests.push(seen);
    const damage = this.damage(seen);
    if (damage?.kind === 'answer') return void response.writeHead(damage.status, damage.headers).end(damage.body);
    if (damage?.kind === 'reset' && damage.after === undefined) return void response.destroy();
    const found = await this.#forward(asked, seen);
    const { body, ...head } = damaged(found, damage);
    response.writeHead(head.status, head.headers);
    if (method === 'HEAD') return void response.end();
    await this.#send(body, response, damage);
  }

  async #send(body: Buffer, response: ServerResponse, damage: Damage | undefined): Promise<void> {
    const write = (bytes: Uint8Array): Promise<void> => {
      this.sentBytes += bytes.length;
      return new Promise((sent, failed) => response.write(bytes, (error) => (error == null ? sent() : failed(error))));
    };
    if (damage?.kind === 'drip') {
      for (const byte of body) {
        if (response.destroyed) return;
        damage.onByte();
        await write(Buffer.of(byte));
        // the reader, in this process too, takes it before the next one comes
        for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (damage?.kind === 'reset') {
      await write(body.subarray(0, damage.after));
      return void response.destroy();
    } else await write(body);
    while (damage?.kind === 'endless') await write(Buffer.alloc(65_536));
    if (damage?.kind === 'wrong-length') response.destroy();
    else response.end();
  }

  #forward(asked: IncomingMessage, { method, url, headers }: ProxiedRequest): Promise<Answer> {
    const [host = '', port] = this.#upstream.split(':');
    return new Promise((resolve, reject) => {
      const out = request({ host, port, method, path: url, headers: { ...headers, connection: 'close' } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: plain(answer.headers), body: Buffer.concat(chunks) }),
        );
        answer.on('error', reject);
      });
      out.on('error', reject);
      void pipeline(asked, out).catch(reject);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function damaged(found: Answer, damage: Damage | undefined): Answer {
  const { headers, body } = found;
  switch (damage?.kind) {
    case 'truncate': {
      const short = body.subarray(0, damage.at);
      return { ...found, headers: { ...headers, 'content-length': String(short.length) }, body: short };
    }
    case 'wrong-length':
      return { ...found, headers: { ...headers, 'content-length': String(body.length + damage.by) } };
    case 'flip': {
      const other = Buffer.from(body);
      other.writeUInt8(other.readUInt8(damage.at) ^ 1, damage.at);
      return { ...found, body: other };
    }
    case 'endless': {
      const { 'content-length': _, ...rest } = headers;
      return { ...found, headers: rest };
    }
    case 'header':
      return { ...found, headers: { ...headers, [damage.name]: damage.value } };
    default:
      return found;
  }
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const { connection: _, ...rest } = Object.fromEntries(pairs) as Record<string, string>;
  return rest;
}
