/** What is found during a take-over. `decide`: nothing is done about it until a person has decided. */
export const adoptionFindings = {
  PROVEN_BY_ONE: { decide: false, title: 'only one recorded digest proves the copy' },
  UNPROVEN: { decide: true, title: 'nothing was recorded that could prove the copy' },
  DIFFERS: { decide: true, title: 'the copy is not what was recorded' },
  COPY_NOT_READ: { decide: true, title: 'the copy could not be read' },
  COPY_GONE: { decide: true, title: 'the link leads to a copy that is not there' },
  LINK_ELSEWHERE: { decide: true, title: 'a link is there that does not lead into the archive' },
  LINK_NEVER_MADE: { decide: true, title: 'the original is gone and has a copy, but no link leads to it' },
  FILE_NOWHERE: { decide: true, title: 'neither an original, nor a link, nor a copy is there' },
  NOT_A_FILE: { decide: true, title: 'a directory, device or blocked path is in the place of the file' },
  NOT_IN_OMERO: { decide: true, title: 'OMERO no longer has the file; its copy stays in the archive' },
  OUTSIDE_OMERO: { decide: true, title: "the path is not below OMERO's trees" },
  TAKEN_ELSEWHERE: { decide: true, title: 'another request has the path' },
  ENTRY_TWICE: { decide: false, title: 'an earlier entry names the same file' },
  NAME_AMBIGUOUS: { decide: false, title: 'the name was not kept by the job; it was recognised by OMERO' },
  ENTRY_NOT_UNDERSTOOD: { decide: true, title: 'a line of the job names neither an image nor a file' },
  NO_RECORD: { decide: false, title: 'there is no record (.ark) of the file' },
  RECORD_BROKEN: { decide: false, title: 'the record (.ark) of the file cannot be understood' },
  COPY_LEFT: { decide: false, title: 'the original is in place; a copy of it was left in the archive' },
  NOT_ARCHIVED: { decide: false, title: 'the job says Finished, but the original is in place' },
  NOT_IN_ARCHIVED_REGISTER: { decide: false, title: 'it is archived, but archived_register lacks it' },
  JOB_TWICE: { decide: false, title: 'the job is in several folders' },
  JOB_NOT_UNDERSTOOD: { decide: true, title: 'a file among the jobs is none' },
  JOB_WITHOUT_IMAGES: { decide: true, title: 'OMERO has none of the images of the job' },
  IMAGE_GONE: { decide: false, title: 'OMERO no longer has the image' },
  MARKED_TOO_EARLY: { decide: false, title: 'OMERO shows the image as archived, but its originals are in place' },
  RECORD_WITHOUT_JOB: { decide: true, title: 'a record (.ark) is there, but no job names the file' },
  REGISTER_ENTRY_ALONE: { decide: false, title: 'a register names a file that no job names' },
  REGISTER_ENTRY_TWICE: { decide: false, title: 'a register names a file twice' },
  PID_FILE_LEFT: { decide: false, title: 'a PID file of a process that has ended' },
  CRON_LINE: { decide: true, title: 'a line of cron still runs the older tool' },
} as const;
export type AdoptionCode = keyof typeof adoptionFindings;

export interface AdoptionFinding {
  readonly code: AdoptionCode;
  /** The job, or where else it was found. */
  readonly where: string;
  /** The file, image or line. */
  readonly what: string;
  readonly reason?: string;
}
