export type { CopyPlace, HeldFile, KnownBag } from './queries/audit';
export type { AuditResult, AuditRun } from './queries/audit-runs';
export type { AuditedFile, Page } from './queries/audited-files';
export { firstPage, type AuditedImage, type PageStart } from './queries/audited-images';
export type { ContainerAnswer } from './containers/containers';
export type { ImageQuestion, ImageQuestionAnswer } from './containers/image-questions';
export type { BackupOf, BackupRun, BackupState } from './backups/backup-runs';
export type { BagStanding, Standing } from './backups/standing';
export { schema as registerSchema } from './db/connection';
export { asRegisterError } from './db/failures';
export { migrate } from './db/migrate';
export { ScratchServer, scratchName } from './db/scratch';
export { mailChoices, type MailChoice, type PersonsChoice } from './mail/choices';
export type { Gathered, GatheredMail } from './mail/digests';
export { EventCursor } from './mail/event-cursor';
export type { EndingRecall, WaitingRequests } from './mail/for-mail';
export type { MailEvent, MailPlan, MailTopic, PendingEvents } from './mail/pending-events';
export type { Facts, NewMail, Recipient } from './mail/new-mail';
export { mailStates, type ClaimedMail, type MailListing, type MailState, type Outbox } from './mail/outbox';
export { phases, type Phase } from './db/phases';
export type { NewFile, NewImage, NewRequest, Skip } from './requests/drafts';
export { describeKept, type KeptImage, type KeptListing } from './requests/kept';
export type { MarkState, PendingMark } from './requests/marks';
export type { NewNote, Note, NoteListing } from './requests/notes';
export type { FailedAttempt, Transition, TransitionOptions } from './transitions/transition';
export type { PlannedBag } from './operator/move-plan';
export { leaveAsTheyAre, type RelinkProgress, type StoredBag } from './operator/relinks';
export type { MoveOrder, MoveProgress } from './operator/moves';
export type { PolicyRun } from './policies/policy-runs';
export type { ProposalTotals } from './policies/proposals';
export type { DueBagToMove, TierRule } from './policies/tier-moves';
export type {
  EventListing,
  FileFilter,
  FileListing,
  ImageListing,
  SelectedFiles,
  StageProgress,
  StuckFile,
} from './queries/listings';
export type { UndoResult } from './operator/operator-actions';
export type { FilesetTarget, RequestPart, Target } from './operator/targets';
export type { Figures } from './queries/figures';
export type { FilesetListing, Happening, Held, Taken } from './queries/meaning';
export type { CheckedCopy, CopyFilter } from './queries/checked-copies';
export type { CopyResult } from './queries/fixity';
export type { FixityFigures, KeptFixity } from './queries/fixity-coverage';
export type { FetchRate } from './queries/fetch-rate';
export { importSwitch, type ImportStep } from './imports/advance';
export type { ImportToAnnotate } from './imports/import-annotations';
export type { ImportAttempt } from './imports/attempts';
export type { FoundFile, OrderedFile } from './imports/files';
export type {
  ImportPreview,
  PreviewAnswer,
  PreviewFault,
  PreviewFileset,
  PreviewState,
} from './imports/import-previews';
export type {
  AttemptReport,
  ImportAmounts,
  ImportedFileset,
  ImportEventRow,
  ImportPage,
} from './imports/import-reports';
export type { ImportForMail, ImportsOfPerson } from './imports/import-mails';
export type { InstrumentRound, PulledSet, SetOfInstrument } from './imports/pulls';
export type { DeclaredFile, ProvenFile, UploadFile } from './imports/upload-files';
export type { NewUpload, Upload, UploadAmounts, UploadWish } from './imports/uploads';
export type { AgeingOfPerson, UnimportedData } from './imports/unimported';
export type { WatchedSource } from './imports/watched';
export type { ImportMarkResult, KnownImportMark, OpenImportMark } from './imports/import-marks';
export type { SourceInBuffer } from './imports/import-sources';
export type { GroupedFiles, ImportControlFile, OrderedFileset } from './imports/filesets';
export type { ImportClaim } from './imports/import-claims';
export type { Steered } from './imports/steer';
export {
  importOrigins,
  type ImportPair,
  type ImportLock,
  type ImportOptions,
  type ImportOrder,
  type ImportOrigin,
  type NewImportOrder,
} from './imports/orders';
export type { RebuildAnswer } from './operator/add-bag';
export type { AdoptedFile } from './operator/adopted-files';
export type { AdoptedImage, Adoptions, Settlement } from './operator/adoptions';
export type { Rebuild } from './operator/rebuild';
export type { RebuiltBag, RebuiltFile } from './operator/rebuilt-bag';
export type {
  Membership,
  PeopleFilter,
  Person,
  PersonGroup,
  PersonInGroups,
  RoleHolders,
  Roster,
} from './people/people';
export { Register } from './register';
export type { NewToken, Token } from './people/tokens';
export type { CopyRecord, FileRecord } from './queries/file-record';
export type {
  FilesetContent,
  FoundPart,
  Named,
  RetrievalAmount,
  RetrievalSummary,
  Whose,
} from './queries/retrieval-reports';
export type { RetrievalPlan } from './operator/retrieval-plan';
export type { RetrievalOrder } from './operator/retrievals';
export type { Closure } from './requests/requests';
export {
  requestOrders,
  type RequestFilter,
  type RequestOrder,
  type RequestPage,
  type Visibility,
} from './requests/request-filter';
export type { RequestSummary, RequestTotals } from './requests/summaries';
export { scannerTask, type Scan } from './requests/scans';
export type { Switch } from './transitions/switches';
export type { Backlog, Claim, DueBag } from './transitions/claims';
export type { Amount, StageTime } from './queries/stage-times';
export type { WrongTotals } from './queries/totals';
export type { RecordedLook } from './stores/file-system-looks';
export {
  storeParts,
  type StoreContent,
  type StoreHealth,
  type StoreLook,
  type StorePart,
  type StorePrice,
} from './stores/store-health';
export type { ServiceReport } from './troubles/service-reports';
export { troubleEvents, type FoundTrouble, type Trouble } from './troubles/troubles';
export type { OmeroAmount, OmeroAmounts, OmeroRead, ProjectAmount } from './usage/omero-mirror';
export type {
  DatasetAmount,
  DetailPart,
  FilesetAmount,
  FormatAmount,
  LargeFileset,
  LegacyAmount,
  OmeroDetailRows,
} from './usage/omero-details';
export type { MissingImage } from './usage/missing-images';
export type { GroupDay } from './usage/usage-days';
export type { UsageFilter, UsageOwner } from './usage/owners';
export { usageParts, type UsagePart } from './usage/parts';
export type { UsageRow } from './usage/usage';
export type { UsageDay } from './usage/usage-days';
