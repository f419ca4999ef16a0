export { buildSampleOmero, type SamplePlan } from './build-sample';
export { buildTinyOmero, type TinyOmero, type TinyPlan } from './build-tiny';
export { checksum, type Checksum, type ChecksumAlgorithm } from './checksums';
export { createOmeroSchema } from './create-schema';
export type { PlannedFile } from './disk';
export { legacyPath } from './legacy-path';
export { annotateImages, markImages, type MarkNote } from './marks';
export type { OrdinaryKind, SampleKind, SampleReport, SpecialKind } from './report';
export type { SamplePlace } from './server';
