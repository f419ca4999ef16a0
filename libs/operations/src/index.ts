export { adopt, type AdoptionOrder } from './adopt/adopt';
export { adoptionFindings, type AdoptionCode, type AdoptionFinding } from './adopt/findings';
export { moveOn } from './adopt/move-on';
export type { AdoptedFileLine, AdoptedJobLine, AdoptionReport } from './adopt/report';
export { acknowledgeDeleted, planAcknowledgement, type Acknowledgement } from './audit/acknowledge';
export { audit } from './audit/audit';
export { auditFor, type AuditReview } from './audit/as-actor';
export { recordInPlace } from './audit/in-place';
export { discrepancyCodes, discrepancyTitles, Report, type Discrepancy } from './audit/report';
export { auditAll, type AuditOrder } from './audit/run';
export type { AuditPlaces } from './audit/scope';
export { backup, backupWithoutRegister, type BackupOrder, type BackupResult } from './backup/backup';
export { oldBackups, type OldBackup } from './backup/is-old';
export { refuseWithoutPlace } from './backup/plan';
export { checkBackupDirectory, prepareBackup, previewBackup, type BackupPreview } from './backup/preview';
export { oneByOne, untilNotBusy, type Notice, type Notify } from './busy';
export { diagnose, missingPreparations } from './doctor/diagnose';
export { probeFileSystems, type AbilityLine, type ProbedDirectory } from './doctor/file-systems';
export type { Finding } from './doctor/findings';
export { diagnoseImport } from './doctor/import/diagnose-import';
export { examineNode } from './doctor/machine';
export { drill, type DrillOrder } from './drill/drill';
export { restoreOptions } from './drill/restore-dump';
export type { DrillReport, RestoredDump } from './drill/report';
export { prepare, type Preparation } from './doctor/prepare';
export type { ForeignEntries } from './foreign-entries';
export { failureOf, notFound, UsageError, type ExitCode, type Failure } from './failure';
export { abandon, planAbandon, type AbandonPlan } from './files/abandon';
export { fileFor, filesFor, type FileHistory } from './files/as-actor';
export { openedImages, type Opened, type OpenedContainer, type OpenedImage } from './files/opened';
export { planRetry, retry } from './files/retry';
export { copyOf, fileDetails, type FileCopy, type FileDetails } from './files/show';
export type { Listing } from './listing';
export { chooseMail, ownMail, type OwnMail } from './mail/choice';
export { failedMails, type FailedMails } from './mail/failed';
export { retryMails, type RetriedMails } from './mail/retry-mails';
export { sendTestMail } from './mail/test-mail';
export { cancellable, cancelMove, move, untilMoved } from './move/move';
export {
  cancelRelink,
  leftDirectory,
  planRelink,
  relink,
  untilRelinked,
  withRelinking,
  type RelinkPlan,
} from './relink/relink';
export { planStoreRename, renameStore, type StoreRename } from './stores/rename';
export { between, planMove, type Between, type MovePlan } from './move/plan';
export { nextStep } from './next-steps';
export { withRegister } from './open-register';
export { emailOf, type Email } from './people/email';
export {
  peopleFor,
  peopleReadFor,
  tokensFor,
  type PeopleRead,
  type PeopleSearch,
  type PersonListing,
} from './people/list';
export { rebuild, type RebuildOrder } from './rebuild/rebuild';
export type { Tally } from './rebuild/tally';
export { carryOutDecisions, decideIn, planDecisions, type Decision, type MakeDecision } from './requests/decide';
export {
  decideAs,
  eventsFor,
  requestsFor,
  totalsFor,
  reviewRequest,
  visibleRequest,
  type DecisionOrder,
  type RequestListing,
  type Review,
  type Reviewer,
} from './requests/review';
export type { StoreChoice } from './requests/stores';
export { ownRequests, statesOf, stayOf, stays, type OwnRequest, type Stay } from './requests/mine';
export { expiryText } from './requests/notes';
export { requestDetails, type RequestDetails, type WithExamples } from './requests/show';
export {
  actions,
  may,
  relations,
  relationsTo,
  roles,
  visibleTo,
  type Action,
  type Actor,
  type Ownership,
  type Relation,
  type RightsPolicy,
  type Role,
} from './rights/rights';
export { storeNamesFor } from './reports/archive-report';
export { csvOf } from './reports/csv';
export { sizeLines } from './reports/list-file';
export { reportLines } from './reports/lines';
export { mailableReport, type MailableReport } from './reports/mailable';
export { makeReport } from './reports/make-report';
export { measuring } from './reports/measure';
export {
  candidateKeys,
  reportNames,
  reportTitles,
  usageKeys,
  type ReportName,
  type ReportOrder,
  type ReportPrices,
} from './reports/order';
export { sizeReport } from './reports/size-report';
export {
  documentOf,
  firstRows,
  reportOf,
  type Cell,
  type ReportColumn,
  type ReportDocument,
  type TableReport,
} from './reports/table-report';
export { reportTables, type TableName } from './reports/tables';
export { rightsOf, type OwnRights } from './rights/own';
export { actorOf, type GrantedRole, type RoleSettings } from './rights/roles';
export { actorOfToken, agentRole, createToken, revokeToken, tokenRoles, type TokenOrder } from './rights/tokens';
export { workstationOfToken, type Workstation } from './rights/workstation';
export { beginUpload, declareFiles, type UploadOrder } from './uploads/begin';
export { discardAbandoned, discardUpload } from './uploads/discard';
export { orderUpload } from './uploads/arrive';
export { proveFile } from './uploads/prove';
export { receptionOf, type Reception } from './uploads/receive';
export { uploadOf, type Uploading } from './uploads/scene';
export { manifestLine, uploadStatus, type UploadProof, type UploadStatus } from './uploads/status';
export {
  cancelRetrievalAs,
  cancelRetrievalsAs,
  planCancellationAs,
  planRetrievalAs,
  retrievalFor,
  retrievalsFor,
  retrieveAs,
  type RetrievalFor,
  type RetrievalReview,
  type Wanted,
} from './retrieve/as-actor';
export { archivedImagesIn, mostContainers } from './retrieve/containers';
export type { Estimate } from './retrieve/estimate';
export {
  planCancellation,
  planRetrieval,
  recallOrder,
  refuseWithoutSpace,
  restoreOrder,
  type PlannedRetrieval,
} from './retrieve/plan';
export { cancelRetrieval, retrieve, untilRetrieved, type Retrieved } from './retrieve/retrieve';
export { retrievalDetails, type RetrievalDetails } from './retrieve/show';
export type { StoreWait } from './retrieve/store-waits';
export type { IncompleteContainer } from './retrieve/within-reach';
export type { ScanReport } from './scan/report';
export { lastScanFor, requestScanAs, scanFor } from './scan/as-actor';
export { howToStartScanner, requestScan, untilScanned, type ScanProgress } from './scan/scan';
export { amount, byCode, selectedFiles, type Amount, type ByCode } from './selected-files';
export { statusFor, stoppedFor, stuckFor } from './status/as-actor';
export { overviewFor, type NewestRequests, type Overview, type StoreState } from './status/overview';
export { statusOf, type Status } from './status/status';
export { storesFor, type StoreReview } from './stores/as-actor';
export { listStores, type StoreListing } from './stores/list';
export { refuseUnknownStore, withStores } from './stores/open';
export { planValidation, validate, type Remainder, type Validation } from './stores/validate';
export { commandsFor, listCommand, stuckAmong, stuckIn, type Stuck } from './stuck';
export type { Surroundings } from './surroundings';
export { resumeAs, stopAs } from './switches/as-actor';
export { resume, type Resumed } from './switches/resume';
export { stop, untilNoneIsLinked } from './switches/stop';
export { systemFor, type SystemReport } from './system/system';
export { nameOf, parseIds, parseTargets, splitContainers } from './targets';
export { planUndo, undoPlan, type UndoPlan } from './undo/plan';
export { undo, untilUndone } from './undo/undo';
export { costOf, type StoreUsage, type YearlyCost } from './usage/costs';
export type { FilesAndBytes, GroupUsage, InOmero, OwnerUsage, UsageLine } from './usage/lines';
export { projectsFor, usageDaysFor, usageFor, type Candidates, type Usage, type UsageChoice } from './usage/usage';
export { remedyOf } from './verify/remedy';
export { verify, type VerifyOrder } from './verify/verify';
export type { CheckedFile, Verification, VerificationProgress } from './verify/verification';
export { waiting, type Waiting } from './waiting';
export { watch, type ProgressReading } from './watch/watch';
export { orderBulk, type BulkOptions, type BulkResult, type BulkRows } from './imports/bulk';
export { bulkFile, csvFile, type RowFile } from './imports/bulk-file';
export type { BulkFault, BulkRow } from './imports/bulk-rows';
export { orderImport, planImport, type ImportWish, type OrderedImport, type PlannedImport } from './imports/order';
export { importPair } from './imports/options';
export { listImports, showImport, type ImportAction, type ImportDetails, type ImportListing } from './imports/show';
export { previewByNow, previewImport } from './imports/preview';
export { askPull, listInstruments, listPulls, type InstrumentStatus } from './imports/pulls';
export { openImports, operator } from './imports/open';
export { isImportEnded, untilImported } from './imports/wait';
export { bufferUses, type BufferUse, type PersonUse } from './imports/buffer-use';
export { browse, type Browsed, type BrowsedEntry } from './imports/browse';
export { chooseSource, type ImportChoice } from './imports/choice';
export { cancelImport, retryImport, type SteeredImport } from './imports/steer';
export { explainPolicy, type ImageExplanation } from './policies/explain';
export { chosenPolicies, openPolicies, withPolicyDatabase } from './policies/open';
export { untilEvaluated, type PolicyRunProgress } from './policies/runs';
export { tryPolicy, type PolicyTrial, type WouldPropose } from './policies/try';
