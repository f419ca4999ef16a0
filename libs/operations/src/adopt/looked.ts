import type { CopyStatus } from '@coldroom/domain';
import type { ClosureFile, ClosureImage, ImageFacts } from '@coldroom/omero';
import type { AtPath } from '../audit/at-path';
import type { AdoptionCode } from './findings';
import type { FoundJob } from './older-archive';
import type { OlderName } from './older-names';
import type { CopyRecord } from './record-text';

/**
 * What a take-over does about a file: `adopt` registers its copy where it is; `archive` leaves it to a request, as it is
 * not archived yet; `known` was done before; `decide` waits for a person; `nothing` needs nothing.
 */
export type Duty = 'adopt' | 'archive' | 'known' | 'decide' | 'nothing';

/** What is true of a file that a job names. */
export interface LookedFile {
  /** As the job has it. */
  readonly display: string;
  readonly status: string;
  /** The path by which the older tool knew it. */
  readonly absolute: Buffer;
  readonly place: OlderName | undefined;
  readonly omero: ClosureFile | undefined;
  readonly record: CopyRecord | 'broken' | undefined;
  readonly disk: AtPath | undefined;
  /** `other` is something that is not a file, or cannot be looked at. */
  readonly copy: CopyStatus | 'other' | undefined;
  readonly inRegisters: { readonly toArchive: boolean; readonly archived: boolean };
  /** The request that has the path now. */
  readonly requestId: bigint | null;
  readonly duty: Duty;
  readonly codes: readonly AdoptionCode[];
}

export interface LookedImage extends ClosureImage {
  readonly marks: ImageFacts['marks'];
}

export interface LookedJob {
  readonly job: FoundJob;
  readonly requestId: bigint | undefined;
  readonly files: readonly LookedFile[];
  readonly images: readonly LookedImage[];
  readonly goneImages: readonly bigint[];
}
