export type { ImageFacts } from './audit';
export { findBioFormats, type BioFormats, type BioFormatsPlaces } from './bio-formats/find-version';
export {
  describeTrouble,
  isAffected,
  linkTroubles,
  troublesOf,
  wayOut,
  type LinkTrouble,
} from './bio-formats/link-troubles';
export type { ComponentOpening, FilesetOpening } from './bio-formats/openings';
export type { ClearOptions, ClearOutcome, MarkOutcome } from './image-marks';
export { imagesPerCall } from './image-rows';
export type { ImageMark } from './mark-annotations';
export { legacyPath, pyramidCompanions, type PyramidCompanions } from './legacy-paths';
export type { Closure, ClosureFile, ClosureImage, Component } from './closure';
export type { ConnectionOptions } from './connection';
export type { ContainerContent } from './containers';
export type { ImportAnswer, ImportAnswerOutcome } from './import-answers';
export type { ImportMark } from './import-marks';
export { ImportDatabase, type FileMade } from './import-database';
export type { Group, IgnoredMark, Mark, RequestMark } from './marks';
export { valueOf, type ImageNote } from './notes';
export { OmeroDatabase, type OmeroFacts, type OmeroOptions } from './omero-database';
export type { Person } from './people';
export type { Repository } from './repositories';
export type { OmeroFilesets, OmeroProject, OmeroUsage } from './usage';
export type { ImageRecord, PixelsFacts } from './image-facts';
export type {
  LargeFileset,
  LegacyOriginals,
  LegacyPixels,
  OmeroDataset,
  OmeroDetails,
  OmeroFormat,
} from './usage-details';
export type { OmeroRoster, RosterPerson } from './roster';
export type { Candidate } from './policies/candidates';
export {
  conditionKinds,
  type AmountCondition,
  type Condition,
  type NameCondition,
  type Selection,
} from './policies/conditions';
export type { ConditionAnswer, Explanation } from './policies/explain';
export { PolicyDatabase } from './policies/policy-database';
