export { type Http, type HttpOptions, type HttpRequest, type HttpResponse, openHttp } from './http.ts';
export { HttpError, type HttpFailure } from './http-error.ts';
export { isLoopback } from './proxy.ts';
