export { type FetchedUrl, type FetchOptions, fetchUrl, fileNameOf, type UrlResponse } from './fetch-url.ts';
export { type HttpTree, httpTree } from './http-tree.ts';
