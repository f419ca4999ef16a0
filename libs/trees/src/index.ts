export { Originals } from './originals';
export {
  HoldDirectories,
  type Staged,
  Staging,
  fetchedName,
  isFetched,
  movingName,
  recallRoot,
  recallStaging,
} from './staging';
