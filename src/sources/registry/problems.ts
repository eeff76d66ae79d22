import { BuildError } from '../../errors.ts';
import type { HttpError, HttpResponse } from '../../host/net/index.ts';
import { canonicalHost } from './endpoints.ts';
import { readLimited } from './read-limited.ts';

/** What was asked for, for messages. */
export interface Asked {
  /** `docker.io/library/node` */
  readonly repository: string;
  /** `manifest 20`, `blob sha256:…` */
  readonly what: string;
  /** `user "bob"` or `no credentials`. */
  readonly credential: string;
  readonly host: string;
}

export function unreachable(error: HttpError, repository: string): BuildError {
  return new BuildError('registry-unreachable', `cannot reach ${error.host} for ${repository}: ${error.message}`, {
    hint: error.hint,
    cause: error,
  });
}

/** A registry's answer that somebody else may mend. */
export class Refusal extends BuildError {
  readonly status: number;

  constructor(status: number, message: string, hint: string | undefined) {
    super('registry-error', message, { hint });
    this.status = status;
  }
}

/** An answer that is not what was asked for, as an error; its body is read for the registry's own words. */
export async function refusal(response: HttpResponse, asked: Asked): Promise<BuildError> {
  const words = await registryWords(response);
  const { repository, what, host } = asked;
  const said = words === '' ? '' : `: ${words}`;
  if (response.status === 401 || response.status === 403) return denied(asked, said);
  if (response.status === 404 || response.status === 410) {
    return new BuildError('image-not-found', `${host} has no ${what} of ${repository}${said}`, {
      hint: 'check the name and the tag',
    });
  }
  if (response.status === 429) {
    return new Refusal(
      429,
      `${host} limits requests (429)${said}`,
      `wait, log in with "${loginCommand(host)}", or name a mirror with --registry-mirror`,
    );
  }
  const hint = response.status >= 500 ? 'try again later; the registry is in trouble' : undefined;
  return new Refusal(
    response.status,
    `${host} answered ${response.status} for the ${what} of ${repository}${said}`,
    hint,
  );
}

export function denied(
  { repository, credential, host }: Pick<Asked, 'repository' | 'credential' | 'host'>,
  said = '',
): BuildError {
  return new BuildError('registry-denied', `${host} denies access to ${repository} with ${credential}${said}`, {
    hint: `check the name (some registries say this of images that do not exist), or log in: ${loginCommand(host)}`,
  });
}

function loginCommand(host: string): string {
  return canonicalHost(host) === 'docker.io' ? 'docker login' : `docker login ${host}`;
}

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_WORDS = 300;

/** `{"errors": [{"code", "message"}]}` (distribution spec), in one line without control characters. */
async function registryWords(response: HttpResponse): Promise<string> {
  try {
    const bytes = await readLimited(response.body, MAX_ERROR_BYTES);
    if (bytes === undefined || bytes.length === 0) return '';
    const parsed = JSON.parse(bytes.toString('utf8')) as { errors?: unknown; details?: unknown } | null;
    const errors = Array.isArray(parsed?.errors) ? (parsed.errors as unknown[]) : [];
    const texts = errors.map((error) => {
      const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
        code?: unknown;
        message?: unknown;
      };
      return [code, message].filter((part) => typeof part === 'string').join(' ');
    });
    return texts
      .join('; ')
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .slice(0, MAX_WORDS)
      .trim();
  } catch {
    return '';
  }
}
