import type { StorePrice } from '@coldroom/register';
import type { UsageChoice } from '../usage/usage';

export const reportNames = ['usage', 'archive', 'image', 'integrity', 'size', 'candidates', 'store', 'expiry'] as const;
export type ReportName = (typeof reportNames)[number];

/** What each report says, for lists and help. */
export const reportTitles: Readonly<Record<ReportName, string>> = {
  usage: 'How much is in OMERO and in the archive',
  archive: 'What waits, is being archived and is archived',
  image: 'Everything about one image: where it is, its files, their digests and copies',
  integrity: 'Archived images that OMERO no longer has, and what audits found',
  size: 'How large these images and filesets are',
  candidates: 'What is not archived, by age and size',
  store: 'What is in a store, and what it costs',
  expiry: 'Archived data, by when its expiry is due',
};

export const usageKeys = ['group', 'user', 'project', 'dataset', 'format'] as const;
export const candidateKeys = ['age', 'fileset'] as const;

/** Which report; `UsageError` for what does not go together. */
export interface ReportOrder extends UsageChoice {
  readonly name: ReportName;
  /** What the rows are; the first of the keys if it is not given. */
  readonly rows?: string | undefined;
  /** Only the changes since the end of this day: `2026-11-29`. */
  readonly since?: string | undefined;
  readonly store?: string | undefined;
  /** `Image:7`, `Fileset:9`. */
  readonly objects?: readonly string[] | undefined;
}

/** What OMERO's storage costs, if it is known. */
export interface ReportPrices {
  readonly omeroPrice?: StorePrice | undefined;
}
