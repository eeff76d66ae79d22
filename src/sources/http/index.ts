export type { UrlResponse } from './body.ts';
export {
  type FetchedUrl,
  type FetchOptions,
  fetchUrl,
  type UrlLimits,
  type UrlRequest,
} from './fetch-url.ts';
export { type HttpTree, httpTree } from './http-tree.ts';
export { dispositionName } from './url-name.ts';
