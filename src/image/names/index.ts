export { listNames, type Names, openNames } from './names.ts';
export type { NamedImage, StoredImage, StoredOutput } from './stored-image.ts';
