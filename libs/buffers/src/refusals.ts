import { Refused } from '@coldroom/domain';

/* Why a path is not a source. `shown` is the path as the person named it. */

export const outside = (shown: string): Refused =>
  new Refused('IMPORT_SOURCE_OUTSIDE', `${shown} is in no buffer. Move the files into a buffer, and order it again.`);

export const leadsOut = (shown: string): Refused =>
  new Refused(
    'IMPORT_SOURCE_LEADS_OUT',
    `${shown} leads out of the buffer by a symbolic link. Move the files themselves into the buffer.`,
  );

export const notSeen = (shown: string): Refused =>
  new Refused(
    'IMPORT_SOURCE_NOT_YOURS',
    `${shown} is not in a directory of yours, nor in a shared one. Name files there, or ask a data manager to order it.`,
  );

export const tooWide = (shown: string): Refused =>
  new Refused(
    'IMPORT_SOURCE_TOO_WIDE',
    `${shown} is the whole directory of a person, of all, or of the buffer. Name a file or directory in it.`,
  );

export const reserved = (shown: string): Refused =>
  new Refused(
    'IMPORT_SOURCE_RESERVED',
    `${shown} is, or contains, what Coldroom keeps in the buffer for itself. Name your files instead.`,
  );

export const inOmero = (shown: string): Refused =>
  new Refused(
    'IMPORT_SOURCE_IN_OMERO',
    `${shown} is in OMERO's data directory, or contains it. Its files are OMERO's already and are not imported.`,
  );

export const gone = (shown: string, cause?: unknown): Refused =>
  new Refused('IMPORT_SOURCE_GONE', `Nothing is at ${shown}. Check the path.`, {}, { cause });

export const notReadable = (shown: string, cause: unknown): Refused =>
  new Refused(
    'IMPORT_SOURCE_NOT_READABLE',
    `Coldroom may not read the directory of ${shown}. Give its user the right to read there.`,
    {},
    { cause },
  );

export const neither = (shown: string): Refused =>
  new Refused('IMPORT_SOURCE_KIND', `${shown} is neither a file nor a directory. Name one of these.`);
