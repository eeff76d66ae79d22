export { diskRoom } from './disk-room.ts';
export { FileChanged, type FileStat, isErrno, listDirectory, readFileChunks, readLink, statFile } from './files.ts';
export { openQuickSignature } from './quick-signature.ts';
