export { bufferMarker, importRootMarker, Imports, type ImportSource, type SeenDirectory } from './imports';
export { ownerOf, personalIn, seenBy } from './access';
export {
  parseImports,
  readImportsSettings,
  type BufferLock,
  type BufferSettings,
  type Instrument,
  type ImportsSettings,
} from './settings';
export { isWithin, touches } from './places';
export { fillTemplate, matchTemplate, type PathTemplate } from './templates';
export type { WatchSettings } from './watch-settings';
export { tooWide } from './refusals';
export type { UploadSettings } from './upload-settings';
export { isShort, type FreeSpace, type Space } from './free-space';
