export { bufferMarker, Imports, type ImportSource } from './imports';
export { seenBy } from './access';
export {
  parseImports,
  readImportsSettings,
  type BufferLock,
  type BufferSettings,
  type ImportsSettings,
} from './settings';
export { isWithin, touches } from './places';
