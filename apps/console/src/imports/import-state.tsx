import type { VNode } from 'preact';
import type { ImportState } from '@coldroom/domain';
import { Badge } from '../layout/parts';

type Look = readonly [words: string, shape: string, colour: string];
const looks: Readonly<Record<ImportState, Look>> = {
  ordered: ['Waiting', '●', 'info'],
  settled: ['Waiting', '●', 'info'],
  locked: ['Being prepared', '▶', 'info'],
  listed: ['Being prepared', '▶', 'info'],
  hashed: ['Being prepared', '▶', 'info'],
  synced: ['Being prepared', '▶', 'info'],
  importing: ['Being imported', '▶', 'info'],
  imported: ['Being checked', '▶', 'info'],
  verified: ['Being checked', '▶', 'info'],
  done: ['In OMERO', '✓', 'good'],
  emptied: ['In OMERO', '✓', 'good'],
  stuck: ['Needs attention', '▲', 'warn'],
  cancelled: ['Cancelled', '■', 'muted'],
};

export function ImportBadge({ state }: { readonly state: ImportState }): VNode {
  const [words, shape, colour] = looks[state];
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}

/** What a state means for the person who waits. */
export const meanings: Readonly<Record<ImportState, string>> = {
  ordered: 'It begins when the files are complete: none of them may change for some time.',
  settled: 'The files are complete. They are about to be kept from change.',
  locked: 'The files are kept from change. OMERO is asked how they belong together.',
  listed: 'The files are being read, so that each can be compared in the end.',
  hashed: 'The files have been read. The import is about to begin.',
  synced: 'The files are on the server. The import is about to begin.',
  importing: 'OMERO imports the files. You can close this page: the work goes on without it.',
  imported: 'The images are in OMERO. Each file is being compared with its source.',
  verified: 'Each file was compared. The source is about to be given back.',
  done: 'The images are in OMERO, and each file was compared with its source.',
  emptied: 'The images are in OMERO. The source was removed from the buffer after that was proven.',
  stuck: 'It cannot go on by itself. The source is as it was.',
  cancelled: 'It was cancelled. The source is as it was.',
};

export const isMoving = (state: ImportState): boolean => !['done', 'emptied', 'stuck', 'cancelled'].includes(state);
