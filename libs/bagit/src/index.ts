export { type BagDescription, type DescribedFile } from './bag-description';
export { manifest } from './manifest';
export { informationOf, readBag } from './read-bag';
export { tagFiles } from './tag-files';
