import { BuildError } from '../../errors.ts';
import { type Http, HttpError, type HttpResponse } from '../../host/net/index.ts';
import type { Authorizer } from './auth.ts';
import type { RegistryConfig } from './config.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { refusal, unreachable } from './problems.ts';

export interface Repository {
  /** `docker.io`, `registry.example:5000` */
  readonly registry: string;
  /** `library/node` */
  readonly path: string;
}

export interface Question {
  readonly repository: Repository;
  readonly method?: 'GET' | 'HEAD';
  /** Below the repository: `manifests/20`, `blobs/sha256:…` */
  readonly resource: string;
  /** For messages. */
  readonly what: string;
  readonly headers?: { readonly [name: string]: string };
  readonly signal: AbortSignal;
}

export interface Client {
  /**
   * The first good answer (2xx) of a repository's mirrors and the registry itself.
   * @throws BuildError registry-*, image-not-found: the registry's own, when mirrors failed too
   */
  ask(question: Question): Promise<HttpResponse>;
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
  return {
    async ask(question) {
      const { registry } = question.repository;
      const all = endpoints.get(registry) ?? endpointsOf(registry, deps.config);
      endpoints.set(registry, all);
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
}

export function nameOf({ registry, path }: Repository): string {
  return `${registry}/${path}`;
}

/** `docker.io/library/node` → its parts. */
export function repositoryOf(name: string): Repository {
  const slash = name.indexOf('/');
  if (slash <= 0) throw new BuildError('reference-invalid', `${JSON.stringify(name)} names no registry`);
  return { registry: name.slice(0, slash), path: name.slice(slash + 1) };
}

async function askOne(
  question: Question,
  { endpoint, http, authorizer }: ClientDeps & { endpoint: Endpoint },
): Promise<HttpResponse> {
  const { repository, resource, signal } = question;
  const send = (authorization: string | undefined) =>
    http.request({
      url: `${endpoint.base}/v2/${repository.path}/${resource}`,
      method: question.method ?? 'GET',
      headers: { ...question.headers, ...(authorization === undefined ? {} : { authorization }) },
      signal,
      insecure: endpoint.insecure,
      ca: endpoint.ca,
    });
  let response = await send(authorizer.remembered(endpoint, repository.path));
  const challenge = response.headers['www-authenticate'];
  if (response.status === 401 && challenge !== undefined) {
    const authorization = await authorizer.answer(challenge, { endpoint, path: repository.path, signal });
    if (authorization !== undefined) {
      await response.discard();
      response = await send(authorization);
    }
  }
  if (response.status >= 200 && response.status < 300) return response;
  const credential = authorizer.describe(endpoint.host);
  throw await refusal(response, {
    repository: nameOf(repository),
    what: question.what,
    credential,
    host: endpoint.host,
  });
}
