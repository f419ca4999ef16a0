import type { Review } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { dayOf } from '../layout/times';
import { safeIn, stepsOf } from './progress';

/** What a request means now, and what cannot go wrong: one sentence or two, below its title. */
export function meaningOf(review: Review): readonly string[] {
  const { request } = review;
  switch (request.state) {
    case 'New':
      return ifApproved(review);
    case 'Approved':
      return [
        `${size(review)} will be archived. The next scan compares the request with OMERO once more; then copying begins.`,
      ];
    case 'Running':
      return [
        `${progress(review)} Each original stays in its place until all copies of its fileset have been read back and compared.`,
      ];
    case 'Error':
      return [
        `${progress(review)} ${counted(request.stuck, 'file')} cannot go on: an administrator has to look. Meanwhile nothing more happens to ${request.stuck === 1 ? 'it' : 'them'}.`,
      ];
    case 'Finished':
      return [`${progress(review)} ${originals(review)}`];
    case 'Declined':
      return [
        `Nothing was changed: all images are where they were.${request.reason === null ? '' : ` The reason: ${request.reason}`}`,
      ];
  }
}

function ifApproved(review: Review): readonly string[] {
  const { taken, request } = review;
  if (taken.filesets === 0) return ['None of the files can be archived; the reasons are below.'];
  const along = taken.images - taken.marked;
  const also =
    along === 0
      ? ''
      : ` ${formatCount(along)} of the images ${along === 1 ? 'comes along because it shares' : 'come along because they share'} files with marked ones.`;
  const left = request.markedImages - taken.marked;
  const stay = left === 0 ? '' : ` ${counted(left, 'marked image')} cannot be taken.`;
  return [
    `An approval archives ${counted(taken.images, 'image')} in ${size(review)}.${also}${stay}`,
    'No original is replaced before its copy has been read back and compared.',
    ...(request.objectionsUntil === null
      ? []
      : [`The owner can object until ${dayOf(request.objectionsUntil)}. It cannot be approved before that.`]),
  ];
}

const size = ({ taken, request }: Review): string =>
  `${counted(taken.filesets, 'fileset')}: ${counted(request.files, 'file')}, ${formatBytes(request.bytes)}`;

function progress({ states, request }: Review): string {
  const { files, bytes } = safeIn(stepsOf(states));
  if (request.files === 0) return 'There was nothing to archive.';
  if (files === request.files)
    return files === 1
      ? `The file (${formatBytes(bytes)}) is safe in the archive.`
      : `All ${formatCount(files)} files (${formatBytes(bytes)}) are safe in the archive.`;
  return `${formatCount(files)} of ${counted(request.files, 'file')} (${formatBytes(bytes)} of ${formatBytes(request.bytes)}) are safe in the archive.`;
}

/** What became of the originals. */
function originals({ held, states }: Review): string {
  if (held.files > 0)
    return held.until !== null && held.until > new Date()
      ? `${held.files === 1 ? 'The original is' : 'The originals are'} kept until ${dayOf(held.until)}; until then an administrator can put ${held.files === 1 ? 'it' : 'them'} back at once.`
      : 'The originals are about to be removed.';
  return states.some(({ state }) => state === 'released')
    ? 'The originals were removed after they had been kept for a while.'
    : '';
}
