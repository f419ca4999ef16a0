import type { FileState } from '@coldroom/domain';

/** Where files are, as someone who counts space needs to know it. Each file is in exactly one part. */
export const usageParts = [
  /** In a request that waits for a decision. */
  'waiting',
  /** Approved, and not yet linked. */
  'beingArchived',
  /** Archived, and the original is still held. */
  'held',
  /** Archived, and the space of the original is free. */
  'freed',
  /** Being restored or put back, or recalled. */
  'retrieved',
  /** In OMERO again. */
  'back',
  'stuck',
  /** Skipped, declined or abandoned. */
  'leftOut',
] as const;
export type UsagePart = (typeof usageParts)[number];

/** Archived files are held or freed, by `released`. */
const partOf: Readonly<Record<FileState, Exclude<UsagePart, 'held' | 'freed'> | 'archived'>> = {
  registered: 'waiting',
  skipped: 'leftOut',
  declined: 'leftOut',
  abandoned: 'leftOut',
  approved: 'beingArchived',
  hashed: 'beingArchived',
  copied: 'beingArchived',
  verified: 'beingArchived',
  sealed: 'beingArchived',
  linked: 'archived',
  released: 'archived',
  moving: 'archived',
  moveCopied: 'archived',
  moveVerified: 'archived',
  moveSealed: 'archived',
  undoing: 'retrieved',
  retrieving: 'retrieved',
  online: 'retrieved',
  fetched: 'retrieved',
  fetchVerified: 'retrieved',
  recalled: 'retrieved',
  restored: 'back',
  undone: 'back',
  stuck: 'stuck',
};

const cases = Object.entries(partOf)
  .filter(([, part]) => part !== 'archived')
  .map(([state, part]) => `WHEN '${state}' THEN '${part}'`);

/** SQL: the part of the files in a row of `file_total t`. */
export const partOfTotal = `CASE t.state ${cases.join(' ')} ELSE CASE WHEN t.released THEN 'freed' ELSE 'held' END END`;
