export { type BagDescription, type DescribedFile } from './bag-description';
export { informationOf } from './bag-information';
export { manifest, type NameForm } from './manifest';
export { nameFormIn, readBag } from './read-bag';
export { percentDecoded, underStoredNames } from './stored-names';
export { tagFiles } from './tag-files';
