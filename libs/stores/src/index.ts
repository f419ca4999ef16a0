export { checkCopies, type CopyVerdict, type ExpectedCopy, type Proof } from './check-copies';
export { openConfiguredStores, type StorePlaces } from './configured';
export { describeStores, type StoreDescription } from './describe';
export { inRuns, Pace } from './pace';
export { openFolder, type OpenedFolder } from './open-folder';
export { onlyRead } from './older/older-store';
export { openStore, openStores, type Stores } from './open-store';
export {
  isRecallable,
  markedDirectories,
  parseStores,
  readStores,
  type StoreSettings,
  type StoresSettings,
} from './settings';
export { spaceOf, type StoreSpace } from './space';
export type { ArkivumStoreSettings, FileStoreSettings, OlderStoreSettings } from './store-settings';
export type { StoreSurroundings } from './surroundings';
export { validateStore, type PromiseFinding } from './validate/validate';
