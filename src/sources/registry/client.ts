import { BuildError } from '../../errors.ts';
import { type Http, HttpError, type HttpRequest, type HttpResponse } from '../../host/net/index.ts';
import type { Access, Authorizer } from './auth.ts';
import type { RegistryConfig } from './config.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { refusal, unreachable } from './problems.ts';
import { readLimited } from './read-limited.ts';

export interface Repository {
  /** `docker.io`, `registry.example:5000` */
  readonly registry: string;
  /** `library/node` */
  readonly path: string;
}

export interface Question {
  readonly repository: Repository;
  readonly method?: Method | undefined;
  /** Below the repository: `manifests/20`, `blobs/sha256:…`; or where the registry said to go on, whole. */
  readonly resource: string;
  /** Read again for each attempt. */
  readonly body?: HttpRequest['body'] | undefined;
  /** Answers that are good beside 2xx. */
  readonly alsoGood?: readonly number[] | undefined;
  /** pull unless said otherwise; mirrors are asked for reading alone. */
  readonly access?: Access | undefined;
  /** For messages. */
  readonly what: string;
  readonly headers?: { readonly [name: string]: string };
  readonly signal: AbortSignal;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';

export interface Client {
  /**
   * The first good answer (2xx) of a repository's mirrors and the registry itself.
   * @throws BuildError registry-*, image-not-found: the registry's own, when mirrors failed too
   */
  ask(question: Question): Promise<HttpResponse>;
  /**
   * The same with its whole body; undefined when that is longer than `maxBytes`. An answer that breaks off is asked for again.
   * @throws as ask
   */
  askBytes(question: Question, maxBytes: number): Promise<AnswerBytes | undefined>;
  /** Before a blob that broke off is asked for again, for the first time or later. */
  pause: Http['pause'];
}

export interface AnswerBytes {
  readonly bytes: Buffer;
  readonly headers: HttpResponse['headers'];
}

export interface ClientDeps {
  readonly http: Http;
  readonly config: RegistryConfig;
  readonly authorizer: Authorizer;
}

export function makeClient(deps: ClientDeps): Client {
  const endpoints = new Map<string, readonly Endpoint[]>();
  /** Addresses that did not answer, so that each costs its time-out once. */
  const silent = new Set<string>();
  const client: Client = {
    pause: (attempt, options) => deps.http.pause(attempt, options),
    async askBytes(question, maxBytes) {
      for (let attempt = 1; ; attempt++) {
        const { body, headers } = await client.ask(question);
        try {
          const bytes = await readLimited(body, maxBytes);
          return bytes === undefined ? undefined : { bytes, headers };
        } catch (error) {
          question.signal.throwIfAborted();
          if (!(error instanceof HttpError)) throw error;
          if (attempt >= MAX_ATTEMPTS) throw unreachable(error, nameOf(question.repository));
          await client.pause(attempt, question);
        }
      }
    },
    async ask(question) {
      const { registry } = question.repository;
      const known = endpoints.get(registry) ?? endpointsOf(registry, deps.config);
      endpoints.set(registry, known);
      const all = question.access === 'pull,push' ? known.filter(({ isMirror }) => !isMirror) : known;
      const hopeful = all.filter(({ base }) => !silent.has(base));
      let failure: unknown;
      for (const endpoint of hopeful.some(({ isMirror }) => !isMirror) ? hopeful : all) {
        try {
          return await askOne(question, { endpoint, ...deps });
        } catch (error) {
          question.signal.throwIfAborted();
          failure = error;
          if (error instanceof HttpError) silent.add(endpoint.base);
          else if (!endpoint.isMirror) break;
        }
      }
      throw failure instanceof HttpError ? unreachable(failure, nameOf(question.repository)) : failure;
    },
  };
  return client;
}

/** Of an answer that breaks off. */
const MAX_ATTEMPTS = 4;

export function nameOf({ registry, path }: Repository): string {
  return `${registry}/${path}`;
}

/** `docker.io/library/node` → its parts. */
export function repositoryOf(name: string): Repository {
  const slash = name.indexOf('/');
  if (slash <= 0) throw new BuildError('reference-invalid', `${JSON.stringify(name)} names no registry`);
  return { registry: name.slice(0, slash), path: name.slice(slash + 1) };
}

type Endpointed = ClientDeps & { readonly endpoint: Endpoint };

async function askOne(question: Question, deps: Endpointed): Promise<HttpResponse> {
  const { response, asked } = await answerOf(question, deps);
  const { status } = response;
  if ((status >= 200 && status < 300) || question.alsoGood?.includes(status) === true) return response;
  throw await refusal(response, {
    repository: nameOf(question.repository),
    what: question.what,
    credential: await deps.authorizer.describe(asked),
    host: asked.endpoint.host,
  });
}

/** The last answer, after one challenge was met, and who was asked for what. */
async function answerOf(question: Question, { endpoint, http, authorizer }: Endpointed) {
  const { repository, method = 'GET', access = 'pull', signal } = question;
  const url = urlOf(question, endpoint);
  const send = (to: string, authorization: string | undefined) =>
    http.request({
      url: to,
      method,
      headers: { ...question.headers, ...(authorization === undefined ? {} : { authorization }) },
      body: question.body,
      signal,
      insecure: endpoint.insecure,
      ca: endpoint.ca,
    });
  const asked = { endpoint, path: `${endpoint.prefix}${repository.path}`, access };
  // Some registries give an address elsewhere that is signed already; who asks is their affair alone.
  if (new URL(url).origin !== new URL(endpoint.base).origin) return { response: await send(url, undefined), asked };
  const response = await send(url, authorizer.remembered(asked));
  const challenge = response.headers['www-authenticate'];
  if (response.status !== 401 || challenge === undefined) return { response, asked };
  const there = { ...asked, endpoint: whoAnswered(response, endpoint) };
  const isElsewhere = there.endpoint !== endpoint;
  if (leavesTLS(endpoint, there.endpoint)) return { response, asked: there };
  const known = isElsewhere ? authorizer.remembered(there) : undefined;
  const authorization = known ?? (await authorizer.answer(challenge, { ...there, signal }));
  if (authorization === undefined) return { response, asked: there };
  await response.discard();
  return { response: await send(isElsewhere ? response.url : url, authorization), asked: there };
}

/** The registry that a redirect led to, which knows those who ask by other credentials; or the endpoint itself. */
function whoAnswered({ url }: HttpResponse, endpoint: Endpoint): Endpoint {
  const { origin, host } = new URL(url);
  return origin === new URL(endpoint.base).origin ? endpoint : { ...endpoint, base: origin, host };
}

/** Who asks is not told to a line that anybody may read. */
function leavesTLS(from: Endpoint, to: Endpoint): boolean {
  return from.base.startsWith('https:') && !to.base.startsWith('https:');
}

function urlOf({ repository, resource }: Question, { base, prefix, isMirror }: Endpoint): string {
  if (/^https?:\/\//.test(resource)) return resource;
  // A mirror of several registries is told which one is meant, as containerd tells it.
  const query = isMirror ? `?${new URLSearchParams({ ns: repository.registry }).toString()}` : '';
  return `${base}/v2/${prefix}${repository.path}/${resource}${query}`;
}
