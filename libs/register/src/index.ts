export {
  firstPage,
  type AuditedFile,
  type AuditedImage,
  type CopyPlace,
  type HeldFile,
  type KnownBag,
  type Page,
  type PageStart,
} from './audit';
export { migrate } from './connection';
export type { NewFile, NewImage, NewRequest, Skip } from './drafts';
export type { MarkState, PendingMark } from './marks';
export type { Transition, TransitionOptions } from './apply-transitions';
export type { MoveOrder, MoveProgress, PlannedBag } from './moves';
export type { EventListing, FileFilter, FileListing, ImageListing, SelectedFiles, StageProgress } from './listings';
export type { Target, UndoResult } from './operator-actions';
export type { CheckedCopy, CopyFilter, CopyResult, FixityFigures } from './fixity';
export type { FetchRate } from './fetch-rate';
export type { RebuildAnswer, RebuiltBag, RebuiltFile } from './rebuild';
export { Register } from './register';
export type { RetrievalOrder, RetrievalPlan } from './retrievals';
export type { Closure, RequestSummary } from './requests';
export type { Scan } from './scans';
export type { Switch } from './switches';
export type { Claim, DueBag } from './claims';
