import type { AdoptionCode } from './findings';
import { adoptionFindings } from './findings';
import type { JobFolder } from './job-text';
import type { Duty, LookedFile } from './looked';

interface Around {
  readonly folder: JobFolder;
  /** The request of the job, if it has one. */
  readonly own: bigint | undefined;
  /** Where the link of an archived file leads. */
  readonly target: Buffer | undefined;
  /** An earlier entry has the same path. */
  readonly isTwice: boolean;
}

type Facts = Omit<LookedFile, 'duty' | 'codes'>;

/** By what is on disk; what the job and the registers say of it is only reported. */
export function dutyOf(facts: Facts, around: Around): { readonly duty: Duty; readonly codes: readonly AdoptionCode[] } {
  if (around.isTwice) return { duty: 'nothing', codes: ['ENTRY_TWICE'] };
  if (facts.requestId !== null)
    return facts.requestId === around.own
      ? { duty: 'known', codes: [] }
      : { duty: 'decide', codes: ['TAKEN_ELSEWHERE'] };
  const { duty, code } = byDisk(facts, around);
  const codes = [...(code ? [code] : []), ...remarks(facts, duty)];
  return { duty: code && adoptionFindings[code].decide ? 'decide' : duty, codes };
}

function byDisk(
  { place, disk, copy, omero, status }: Facts,
  { folder, target }: Around,
): { readonly duty: Duty; readonly code?: AdoptionCode } {
  if (!place || !disk) return { duty: 'decide', code: 'OUTSIDE_OMERO' };
  switch (disk.kind) {
    case 'link':
      // In-place imports are links, too: the older tool left them alone.
      if (!target || !disk.target.equals(target))
        return status === 'Ignore' ? { duty: 'nothing' } : { duty: 'decide', code: 'LINK_ELSEWHERE' };
      if (copy === undefined || copy === 'other') return { duty: 'decide', code: 'COPY_GONE' };
      return omero ? { duty: 'adopt' } : { duty: 'decide', code: 'NOT_IN_OMERO' };
    case 'file':
      if (!omero) return { duty: 'decide', code: 'NOT_IN_OMERO' };
      if (folder === 'Finished') return { duty: 'nothing', ...(status === 'Finished' ? { code: 'NOT_ARCHIVED' } : {}) };
      return { duty: folder === 'Declined' ? 'nothing' : 'archive', ...(copy ? { code: 'COPY_LEFT' } : {}) };
    case 'missing':
      if (!omero && copy === undefined) return { duty: 'nothing' }; // deleted in OMERO, with its link
      if (!omero) return { duty: 'decide', code: 'NOT_IN_OMERO' };
      return { duty: 'decide', code: copy === undefined ? 'FILE_NOWHERE' : 'LINK_NEVER_MADE' };
    default:
      return { duty: 'decide', code: 'NOT_A_FILE' };
  }
}

/** What the older tool's own records lack. It changes nothing. */
function remarks({ record, inRegisters, status }: Facts, duty: Duty): readonly AdoptionCode[] {
  if (status === 'Ignore' || status === 'Declined') return [];
  return [
    ...(record === undefined && duty !== 'nothing' ? (['NO_RECORD'] as const) : []),
    ...(record === 'broken' ? (['RECORD_BROKEN'] as const) : []),
    ...(duty === 'adopt' && !inRegisters.archived ? (['NOT_IN_ARCHIVED_REGISTER'] as const) : []),
  ];
}
