import type { HttpOp } from '../graph/index.ts';
import type { OpRunner } from '../solver/index.ts';
import type { OpDeps } from './deps.ts';

/** ADD url: fetched, so that the copy above it is keyed by what the server gave, not by the URL. */
export function httpOp(deps: Pick<OpDeps, 'fetchUrl'>): OpRunner<HttpOp> {
  return {
    async prepare({ op }, _inputs, { signal }) {
      const tree = await deps.fetchUrl(op.url, { checksum: op.checksum, signal });
      return { kind: 'given', result: { kind: 'tree', tree } };
    },
  };
}
