import { files, type Mutation, NONE } from './steps.ts';
import type { Served, World } from './world.ts';

const URL_STAGE = ['--target', 'url'];

/** Builds a stage that adds what is served, and serves something else from then on. */
function served(first: Served, then: Served, answers: readonly number[]): Mutation['change'] {
  return async ({ append, build, serve }: World) => {
    const server = await serve(first);
    append('Dockerfile', `FROM scratch AS url\nADD ${server.url} /file\n`);
    await build(URL_STAGE);
    const before = server.statuses.length;
    server.served = then;
    return {
      flags: URL_STAGE,
      after() {
        const asked = server.statuses.slice(before);
        if (asked.join() !== answers.join())
          throw new Error(`the server answered ${asked.join()}, not ${answers.join()}`);
      },
    };
  };
}

const MONDAY = 'Mon, 02 Nov 2026 10:00:00 GMT';
const TUESDAY = 'Tue, 03 Nov 2026 10:00:00 GMT';

export const URLS: readonly Mutation[] = [
  {
    cause: 'ADD of a URL that has not changed (ETag)',
    change: served({ body: 'one', etag: '"1"' }, { body: 'one', etag: '"1"' }, [304]),
    misses: NONE,
  },
  {
    cause: 'ADD of a URL that has not changed (Last-Modified)',
    change: served({ body: 'one', modified: MONDAY }, { body: 'one', modified: MONDAY }, [304]),
    misses: NONE,
  },
  {
    cause: 'ADD of a URL whose server tells no version',
    change: served({ body: 'one' }, { body: 'one' }, [200]),
    misses: NONE,
  },
  {
    cause: 'ADD of a URL: another ETag, other content',
    change: served({ body: 'one', etag: '"1"' }, { body: 'two', etag: '"2"' }, [200]),
    misses: { 'ADD http': files(['file', 'content']) },
  },
  {
    cause: 'ADD of a URL: another ETag, the same content',
    change: served({ body: 'one', etag: '"1"' }, { body: 'one', etag: '"2"' }, [200]),
    misses: NONE,
  },
  {
    cause: 'ADD of a URL: another time, the same content',
    change: served({ body: 'one', modified: MONDAY }, { body: 'one', modified: TUESDAY }, [200]),
    misses: NONE,
  },
  {
    cause: 'ADD of a URL: other content, and no version',
    change: served({ body: 'one' }, { body: 'two' }, [200]),
    misses: { 'ADD http': files(['file', 'content']) },
  },
  {
    cause: 'ADD of a URL to another place',
    async change({ append, build, edit, serve }) {
      const { url } = await serve({ body: 'one', etag: '"1"' });
      append('Dockerfile', `FROM scratch AS url\nADD ${url} /file\n`);
      await build(URL_STAGE);
      edit(`ADD ${url} /file`, `ADD ${url} /other`);
      return { flags: URL_STAGE };
    },
    misses: { 'ADD http': ['instruction-changed', [{ name: 'dest', what: '/file → /other' }]] },
  },
];
