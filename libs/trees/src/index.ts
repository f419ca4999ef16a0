export { Originals } from './originals';
export {
  defaultHold,
  HoldDirectories,
  holdPaths,
  type Staged,
  Staging,
  fetchedName,
  isFetched,
  movingName,
  recallRoot,
  recallStaging,
} from './staging';
