// A module of its own, so that it is loaded with the first archive: named imports of CommonJS must be static.
export { pack } from 'tar-stream';
