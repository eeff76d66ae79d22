export { ArchiveError, type ArchiveErrorCode } from './archive-error.ts';
export { type Extent, extentAt } from './decode-header.ts';
export { type Compression, decompress, type Filter, sniffCompression } from './decompress.ts';
export { BARE, type EntryType, IMPLIED_DIRECTORY, LINK_MODE, type TarEntry } from './entry.ts';
export { BLOCK } from './header.ts';
export { type ArchiveFile, packArchive, type StoredFile } from './image-archive.ts';
export { DEFAULT_LIMITS, makeTarReader, type TarHandler, type TarLimits, type TarReader } from './tar-reader.ts';
export { makeTarWriter, type TarWriter, tarName } from './tar-writer.ts';
export { through } from './through.ts';
