import { step, type Identity } from '@coldroom/domain';
import { closeSync, fchmodSync, fsyncSync } from 'node:fs';
import { keepOwnerAndTime } from './attributes';
import type { Claim } from './claim';
import { failureOf, readingFailed } from './failures';
import { openFile } from './read';
import type { Trees } from './trees';
import { bytesOf, type WireOutcome, type WirePath } from './wire';

export interface DressTask {
  readonly files: readonly { readonly root: string; readonly path: WirePath; readonly as: Identity; readonly mode: number }[];
}

/** Gives fetched files the owner, mode and mtime that are told, and syncs them. */
export function dress({ files }: DressTask, claim: Claim, trees: Trees): readonly WireOutcome<true>[] {
  const outcomes = files.map((file): WireOutcome<true> => {
    const path = bytesOf(file.path);
    try {
      const { fd } = openFile(trees.at(file.root), path, 'cached');
      try {
        claim.check();
        fchmodSync(fd, file.mode & 0o1777); // never a set-id bit, which belongs to programs
        keepOwnerAndTime(fd, file.as, path);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      return { ok: true };
    } catch (error) {
      return { failed: failureOf(readingFailed(error, path)) };
    }
  });
  step('fetch:2-dressed');
  return outcomes;
}
