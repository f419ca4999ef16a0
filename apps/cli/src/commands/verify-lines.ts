import type { CheckedFile, Verification, VerificationProgress } from '@coldroom/operations';
import { counted, formatBytes, formatCount, formatDuration, type Lines } from '@coldroom/terminal';
import { listingLines, words } from '../lines';

export function progressLine({ files, ofFiles, readBytes, bytesPerSecond, leftMs, bad }: VerificationProgress): string {
  const copies = ofFiles === 1 ? '1 copy' : `${formatCount(ofFiles)} copies`;
  const left = leftMs === undefined ? '' : `, about ${formatDuration(leftMs)} left`;
  return `${formatCount(files)} of ${copies} read, ${formatBytes(readBytes)}, ${formatBytes(bytesPerSecond)}/s${left}; bad: ${formatCount(bad)}`;
}

export function resultLines(done: Verification): Lines {
  const { good, offline, proven, attested, unread, bad } = done;
  if (done.files === 0) return 'There was nothing to read: no archived copy is meant by this.';
  return [
    `As they were recorded: ${words(good)}${proven > 0 ? `; proven again by this: ${formatCount(proven)}` : ''}${attested > 0 ? `; by the store's own digest, unread: ${formatCount(attested)}` : ''}`,
    offline.files > 0 && `Not near, so not read: ${words(offline)}`,
    listingLines(
      `Could not be read, which proves nothing: ${counted(unread.count, 'file')}`,
      unread,
      (one) => `${nameOf(one)}: ${one.code}: ${one.reason}`,
    ),
    listingLines(`NOT RIGHT: ${counted(bad.count, 'file')}; nothing was changed`, bad, (one) => [
      `${nameOf(one)} (${one.fileset}, bag ${one.bag}): ${one.code}: ${one.reason}`,
      `  next: ${one.remedy}`,
    ]),
  ];
}

function nameOf({ file, path }: CheckedFile): string {
  return `File:${file} ${path}`;
}
