export { audit } from './audit/audit';
export { discrepancyCodes, discrepancyTitles, Report, type Discrepancy } from './audit/report';
export type { AuditPlaces } from './audit/scope';
export { examineBioFormats } from './doctor/bio-formats';
export { examineConnections } from './doctor/connections';
export { examine, type Finding } from './doctor/findings';
export { examineNode } from './doctor/machine';
export { becomeOwner, ownerOf } from './doctor/owner';
export { carryOut, described, planPreparations } from './doctor/prepare';
export { readAllSettings, type KnownSettings } from './doctor/settings';
export { examineStores } from './doctor/stores';
export { examineTrees } from './doctor/trees';
export { failureOf, notFound, unavailableMessage, UsageError, type ExitCode, type Failure } from './failure';
export { amountIn, between, leftLines, movePlan, movePlanLines, type Between, type MovePlan } from './move/plan';
export { nextStep } from './next-steps';
export { OriginalPaths } from './rebuild/at-path';
export { describe, type RebuildPlaces } from './rebuild/describe';
export { HeldOriginals } from './rebuild/held';
export { Tally, tallyLines } from './rebuild/tally';
export { estimateLines, estimates } from './retrieve/estimate';
export { coldLines, freeSpace, needsOf, retrievalPlanLines, retrievalPlan } from './retrieve/plan';
export {
  amount,
  byCode,
  selectedFiles,
  undoPlan,
  type Amount,
  type SelectedFiles,
  type UndoPlan,
} from './selected-files';
export { chosenStore, unclaimed, withStores } from './stores';
export { commandsFor, countLines, helpLines, stuckIn, stuckLines, type Stuck } from './stuck';
export type { Surroundings } from './surroundings';
export { nameOf, parseIds, parseTargets, splitDatasets } from './targets';
export { checkBag } from './verify/check';
export { remedyOf } from './verify/remedy';
export { Verification } from './verify/verification';
