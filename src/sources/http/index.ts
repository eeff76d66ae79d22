export {
  type FetchedUrl,
  type FetchOptions,
  fetchUrl,
  type UrlLimits,
  type UrlRequest,
  type UrlResponse,
} from './fetch-url.ts';
export { type HttpTree, httpTree } from './http-tree.ts';
export { dispositionName, fileNameOf } from './url-name.ts';
