export type { BagDescription, DescribedFile } from './bagit/bag-description';
export { tagFiles } from './bagit/tag-files';
export { openStore, openStores, type Stores } from './open-store';
export { parseStores, readStores, type FileStoreSettings, type StoreSettings, type StoresSettings } from './settings';
export type { StoreSurroundings } from './surroundings';
