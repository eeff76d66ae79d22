// A module of its own, so that it is loaded with the first request: named imports of CommonJS must be static.
export { Agent, ProxyAgent } from 'undici';
