import type { FileState, Retrieval } from '@coldroom/domain';
import { amount, type Amount, type PlannedRetrieval, type Retrieved, type StoreWait } from '@coldroom/operations';
import { counted, flat, formatBytes, formatCount, formatDuration, type Lines } from '@coldroom/terminal';
import { words } from '../lines';

const [minute, hour] = [60_000, 3_600_000];

/**
 * Below this share of the mean size so far, files take longer than their bytes suggest, because of opening and syncing
 * each one.
 */
const muchSmaller = 0.1;

/** How files in a state are described, in the order of the states. */
const doing = {
  retrieving: 'being brought online',
  online: 'being fetched',
  fetched: 'being proven',
  fetchVerified: 'being put in place',
  undoing: 'being put back',
} as const;

export function planLines({ order: { way }, plan, needs, freeBytes: free }: PlannedRetrieval): Lines {
  const { fetch, held, filesets, images, underWay, notArchived } = plan;
  const lines = flat([
    fetch.map((row) => `To fetch from store ${row.store}: ${words(row)}`),
    held.files > 0 && `Originals that are still held, put back at once without fetching: ${words(held)}`,
    filesets > 0 &&
      `Images that come back: ${formatCount(images)}, also those that you did not name but that share files with them (${counted(filesets, 'fileset')})`,
    way === 'restore' &&
      free !== undefined &&
      needs.files > 0 &&
      `Free in OMERO's data directory: ${formatBytes(free)}, which is ${free < needs.bytes ? 'NOT ENOUGH' : 'enough'}`,
    underWay.files > 0 &&
      `${way === 'recall' ? 'Near or on their way' : 'On their retrieval'} already: ${words(underWay)}`,
    notArchived.files > 0 &&
      `Not brought back: ${counted(notArchived.files, 'file')} of ${counted(notArchived.filesets, 'fileset')} that are not archived as a whole (their files are: ${notArchived.states.join(', ')})`,
  ]);
  return lines.length > 0 ? lines : 'There is nothing to bring back.';
}

export function estimateLines({ plan, estimates }: PlannedRetrieval): Lines {
  return estimates.map(({ store, seconds, basis }) => {
    if (seconds === null || basis === null)
      return `Time from store ${store}: no estimate: nothing has been fetched from this store yet`;
    const { files, bytes } = amount(plan.fetch, (one) => one.store === store);
    const smaller = Number(bytes) / files < muchSmaller * (Number(basis.bytes) / basis.files);
    const from =
      basis.bags === 1
        ? 'the only bag fetched from it so far'
        : `the last ${counted(basis.bags, 'bag')} from this store`;
    return `Time from store ${store}: ${about(seconds * 1000)}, at the ${formatBytes(basis.bytesPerSecond)}/s of ${from}${smaller ? '; rather longer, as these files are much smaller than those were' : ''}`;
  });
}

/** Rounded to its actual accuracy. */
function about(ms: number): string {
  if (ms < minute) return 'less than a minute';
  const step = ms < hour ? minute : 5 * minute;
  return `about ${formatDuration(Math.ceil(ms / step) * step)}`;
}

export function waitLines(waits: readonly StoreWait[]): Lines {
  return waits.map((wait) =>
    wait.kind === 'tape'
      ? `Store ${wait.store}: copies that the appliance has on tape only are brought online first`
      : `Store ${wait.store} keeps them in ${wait.storageClass}: asked for by tier ${wait.tier}, ${wait.duration} before they can be fetched`,
  );
}

export function progressLine(rows: readonly (Amount & { readonly state: FileState })[]): string {
  return Object.entries(doing)
    .map(([state, what]) => ({ what, ...amount(rows, (row) => row.state === state) }))
    .filter(({ files }) => files > 0)
    .map(({ what, files, bytes }) => `${counted(files, 'file')} (${formatBytes(bytes)}) ${what}`)
    .join(', ');
}

export function doneLine(
  way: Retrieval,
  { asked, undoing, prolonged }: Retrieved,
  waited: boolean,
  isBlocked: boolean,
): string {
  const files = asked + undoing;
  if (files === 0)
    return prolonged > 0 ? `${counted(prolonged, 'file')} can be opened for longer.` : 'Nothing was to be done.';
  if (!waited) return `${counted(files, 'file')} requested back; "coldroom status" shows how far it is.`;
  if (isBlocked)
    return 'Not all images are back: some files are stuck, and images that need them wait. What was asked stays asked.';
  return way === 'restore'
    ? 'The images are back in their places.'
    : 'The images open in OMERO now, but for pixels of OMERO 4, which open after "coldroom restore" only.';
}

export const cancelQuestion = (underWay: Amount): string =>
  `Being retrieved: ${words(underWay)}. They stay archived; files that are restored already stay restored. Continue?`;

/** What a cancellation would keep archived, or the number of files that it has kept. */
export function cancelledLines({ underWay, cancelled = 0 }: { underWay?: Amount; cancelled?: number }): Lines {
  if (underWay && underWay.files > 0) return `Would be given up: ${words(underWay)}`;
  if (cancelled > 0)
    return `${counted(cancelled, 'file')} stay archived. A FROM-ARCHIVE mark that is still in OMERO asks for them again: remove it there.`;
  return 'Nothing of this is being fetched. (Originals that are still held are put back in a moment; that cannot be given up.)';
}

/** What was named and is not there for this token. */
export function missingLine(missing: readonly string[]): Lines {
  return missing.length > 0 && `Not in the archive, or not for this token: ${missing.join(' ')}`;
}
