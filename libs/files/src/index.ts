export { checkAccess, type Access } from './check-access';
export { checkWritable } from './check-writable';
export { openDirectory, type Directory } from './directory';
export { dropLink } from './drop-link';
export { dropStaged } from './drop-staged';
export {
  Files,
  type Found,
  type FoundDirectory,
  type HashSource,
  type NamePair,
  type Place,
  type SealOrder,
  type Summary,
} from './files';
export type { Hashed } from './hash';
export { identify, mayBeRemote } from './fresh';
export { identityOf, isSymlink, sameContent, typeOf, type FileType } from './identity';
export { filesBelow, readSmallFile } from './listing';
export { checkPath, displayPath, quotedPath } from './path';
export { notWritable, protectedAgainstChange } from './protection';
export { isFull } from './probe/answer';
export { refuseLacks, refuseOtherOwner, type Accepted } from './probe/lacks';
export { KeptLook } from './probe/kept-look';
export { mountAt } from './probe/mounts';
export { probe } from './probe/probe';
export { probePrefix } from './probe/scratch-directory';
export { moveDirectory } from './move-directory';
export { renameExchange, renameExchangeSync, renameNoReplace } from './rename';
export { dropCache } from './native';
export { markerName, markerNameOf, openRoot, renameMarker, writeMarker, type Root } from './roots';
export { isTemporaryName } from './temporary-names';
export type { Released } from './names/release';
export { walk, type Entry } from './walk';
export { writeOnce } from './write-once';

// For the threads of stores that are not directories: they read and write files as `Files` does.
export { Claim } from './claim';
export { RunningDigests } from './digest/digest';
export { EndOfBatch, failureOf, readingFailed, storeFailed } from './failures';
export { MadeFiles, type MadeFile } from './made-files';
export { changed, checkUnchanged, openFile, type OpenFile } from './read';
export { outcomes, Threads, type ThreadAnswer } from './threads';
export { Trees } from './trees';
export { bytesOf, wirePath, type Bounds, type WireOutcome, type WirePath } from './wire';
export { writeWhole } from './write';
