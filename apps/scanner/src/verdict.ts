import { omeroAlgorithms } from '@coldroom/domain';
import type { Found } from '@coldroom/files';
import type { ClosureFile } from '@coldroom/omero';
import type { NewFile, Skip } from '@coldroom/register';

/**
 * Accepts a file into a request, or returns why not. Undefined for one that need not exist and does not: whether an
 * OMERO 4 image has pixels or a pyramid, only the disk can show. Throws where the disk cannot show it either.
 * @param against why the file, or all of its component, may not be accepted; a problem with the file itself takes precedence
 */
export function verdictOn(file: ClosureFile, found: Found, against?: Skip): NewFile['verdict'] | undefined {
  const skip = (code: string, reason: string): { skip: Skip } => ({ skip: { code, reason } });
  switch (found.kind) {
    case 'refused':
      if (found.error.kind === 'transient') throw found.error; // says nothing about the file: the check is repeated
      return skip(found.error.code, found.error.message);
    case 'missing':
      return file.mandatory ? skip('MISSING', 'OMERO names this file, but it is not on disk') : undefined;
    case 'link':
      return skip('ALREADY_A_LINK', 'the path is already a link: the data belongs to another owner, or is archived');
    case 'directory':
    case 'other':
      return skip(
        'NOT_A_REGULAR_FILE',
        `a ${found.kind === 'directory' ? 'directory' : 'device, pipe or socket'} is where a file should be`,
      );
    case 'file':
      break;
  }
  const { identity } = found;
  if (file.size !== null && file.size < 0n) return skip('SIZE_DIFFERS', `OMERO recorded a size of ${file.size} bytes`);
  if (file.size !== null && file.size !== identity.size)
    return skip('SIZE_DIFFERS', `OMERO recorded ${file.size} bytes, the file has ${identity.size}`);
  if (file.hash && !omeroAlgorithms.some((known) => known === file.hash?.algorithm)) {
    return skip(
      'HASH_ALGORITHM_UNKNOWN',
      `OMERO recorded a hash by "${file.hash.algorithm}", which this version cannot compute`,
    );
  }
  if (identity.links > 1)
    return skip('HARD_LINKED', `the file has ${identity.links} names; archiving this one would free nothing`);
  if (found.protectedBy) return skip(found.protectedBy.code, found.protectedBy.message);
  return against ? { skip: against } : { take: identity };
}
