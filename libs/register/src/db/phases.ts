/**
 * What a file's state means for its fileset, as stored in the column `file.phase`. The migration derives a phase from
 * each state; docs/glossary.md lists them.
 */
export const phases = [
  'early',
  'skipped',
  'sealed',
  'linked',
  'recalled',
  'moving',
  'undoing',
  'retrieving',
  'fetchVerified',
  'restored',
  'given up',
] as const;
export type Phase = (typeof phases)[number];
