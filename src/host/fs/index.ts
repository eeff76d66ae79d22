export { diskRoom } from './disk-room.ts';
export { FileStat, STAT_WORDS } from './file-stat.ts';
export {
  FileChanged,
  isErrno,
  listDirectory,
  readFileChunks,
  readFileIfSame,
  readLink,
  statFile,
  statIfThere,
  statText,
} from './files.ts';
export { openQuickSignature } from './quick-signature.ts';
