import { codeOf, step, type Identity } from '@coldroom/domain';
import { closeSync, fchmodSync, fstatSync, fsyncSync } from 'node:fs';
import { keepOwnerAndTime } from './attributes';
import type { Claim } from './claim';
import { failureOf, readingFailed } from './failures';
import { openFile } from './read';
import type { Trees } from './trees';
import { bytesOf, type WireOutcome, type WirePath } from './wire';

export interface DressTask {
  readonly files: readonly { readonly root: string; readonly path: WirePath; readonly as: Identity; readonly mode: number }[];
}

const setIdBits = 0o6000;
const execution = 0o111;

/** Gives fetched files the owner, mode and mtime that are told, and syncs them. Answers the mode that each has then; see `giveSetId`. */
export function dress({ files }: DressTask, claim: Claim, trees: Trees): readonly WireOutcome<number>[] {
  const outcomes = files.map((file): WireOutcome<number> => {
    const path = bytesOf(file.path);
    try {
      const { fd } = openFile(trees.at(file.root), path, 'cached');
      try {
        claim.check();
        fchmodSync(fd, file.mode & ~setIdBits);
        keepOwnerAndTime(fd, file.as, path);
        giveSetId(fd, file.mode);
        fsyncSync(fd);
        return { ok: fstatSync(fd).mode & 0o7777 };
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      return { failed: failureOf(readingFailed(error, path)) };
    }
  });
  step('fetch:2-dressed');
  return outcomes;
}

/**
 * After the owner, as a change of owner takes these bits. A program never gets them: whoever could write to the register and to the
 * store would make one that runs with the rights of its owner. On data, which cannot be run, they mean nothing and are given back;
 * where our rights do not suffice, the system leaves them out or refuses.
 */
function giveSetId(fd: number, mode: number): void {
  if ((mode & setIdBits) === 0 || (mode & execution) !== 0) return;
  try {
    fchmodSync(fd, mode);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
  }
}
