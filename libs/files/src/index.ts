export { checkWritable } from './check-writable';
export { openDirectory, type Directory } from './directory';
export { Files, type Found, type HashSource, type Place, type SealOrder } from './files';
export type { Hashed } from './hash';
export { identify, identityOf, isSymlink, sameContent, typeOf, type FileType } from './identity';
export { checkPath, displayPath } from './path';
export { renameExchange, renameNoReplace } from './rename';
export { markerName, openRoot, writeMarker, type Root } from './roots';
export { writeOnce } from './write-once';
