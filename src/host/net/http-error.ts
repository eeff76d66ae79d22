export type HttpFailure = 'dns' | 'refused' | 'reset' | 'timeout' | 'tls' | 'proxy' | 'redirect' | 'protocol' | 'url';

/** A request that got no answer. `words` say why, for people: `cannot find the host registry.example (ENOTFOUND)`. No secrets in it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly failure: HttpFailure;
  readonly host: string;
  /** The next action of the person who reads it. */
  readonly hint: string | undefined;

  constructor(
    failure: HttpFailure,
    words: string,
    { host, hint, cause }: { host: string; hint?: string | undefined; cause?: unknown },
  ) {
    super(words, { cause });
    this.failure = failure;
    this.host = host;
    this.hint = hint;
  }
}

/** Turns what undici, net and tls throw into an HttpError; aborts pass as they are. */
export function httpErrorOf(error: unknown, host: string, proxy: string | undefined): HttpError {
  if (error instanceof HttpError) return error;
  const code = codeOf(error);
  const via = proxy === undefined ? '' : ` (through the proxy ${proxy})`;
  const known = WORDS[code] ?? (TLS_CODE.test(code) ? tlsWords(code) : undefined);
  if (known !== undefined) {
    return new HttpError(known.failure, `${known.words(host)}${via} (${code})`, {
      host,
      hint: known.hint,
      cause: error,
    });
  }
  if (proxy !== undefined && /proxy/i.test(messageOf(error))) {
    return new HttpError('proxy', `the proxy ${proxy} refused to connect to ${host}`, {
      host,
      hint: 'check HTTPS_PROXY and NO_PROXY',
      cause: error,
    });
  }
  return new HttpError('protocol', `the request to ${host} failed${via}: ${code === '' ? messageOf(error) : code}`, {
    host,
    cause: error,
  });
}

interface Words {
  readonly failure: HttpFailure;
  readonly words: (host: string) => string;
  readonly hint?: string;
}

const reset = (code: string): Words => ({
  failure: 'reset',
  words: (host) => `${host} closed the connection`,
  hint: `try again (${code})`,
});
const timeout = (what: string): Words => ({
  failure: 'timeout',
  words: (host) => `${host} ${what}`,
  hint: 'check the network, HTTPS_PROXY and NO_PROXY',
});

const WORDS: { readonly [code: string]: Words } = {
  ENOTFOUND: {
    failure: 'dns',
    words: (host) => `cannot find the host ${host}`,
    hint: 'check the name, the DNS resolver and HTTPS_PROXY',
  },
  EAI_AGAIN: {
    failure: 'dns',
    words: (host) => `the DNS resolver does not answer for ${host}`,
    hint: 'check the network and HTTPS_PROXY',
  },
  ECONNREFUSED: {
    failure: 'refused',
    words: (host) => `${host} refused the connection`,
    hint: 'check that it runs and that the port is right',
  },
  EHOSTUNREACH: timeout('is not reachable'),
  ENETUNREACH: timeout('is not reachable: no route'),
  ETIMEDOUT: timeout('does not answer'),
  UND_ERR_CONNECT_TIMEOUT: timeout('does not answer'),
  UND_ERR_HEADERS_TIMEOUT: timeout('took the request but sent no answer'),
  UND_ERR_BODY_TIMEOUT: timeout('stopped sending'),
  ECONNRESET: reset('it was reset'),
  EPIPE: reset('it broke'),
  UND_ERR_SOCKET: reset('it was closed'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: reset('the answer was cut'),
  UND_ERR_ABORTED: {
    failure: 'proxy',
    words: (host) => `the connection to ${host} was refused on the way`,
    hint: 'check HTTPS_PROXY and NO_PROXY',
  },
};

const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA)/;

/** A certificate that somebody signed who is not among those that were asked. */
export function isAuthorityUnknown(error: unknown): boolean {
  return /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(codeOf(error));
}

function tlsWords(code: string): Words {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return {
      failure: 'tls',
      words: (host) => `${host} does not speak TLS`,
      hint: 'a plain-http registry needs "insecure": true in the config file',
    };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      failure: 'tls',
      words: (host) => `the certificate of ${host} is not valid today`,
      hint: "check this machine's clock and the server's certificate",
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return {
      failure: 'tls',
      words: (host) => `the certificate of ${host} is for another name`,
      hint: 'check the host name',
    };
  }
  return {
    failure: 'tls',
    words: (host) => `the certificate of ${host} is not trusted`,
    hint: 'give the CA with --ca FILE or "ca" in the config file',
  };
}

function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && code !== 'UND_ERR') return code;
  }
  return '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
