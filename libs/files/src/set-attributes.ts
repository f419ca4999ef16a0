import { codeOf, crashPoint, type Identity } from '@coldroom/domain';
import { close, fchmodSync, fstatSync, fsync } from 'node:fs';
import { promisify } from 'node:util';
import { keepOwnerAndTime } from './attributes';
import type { Claim } from './claim';
import { failureOf, readingFailed } from './failures';
import { openFile } from './read';
import type { Trees } from './trees';
import { bytesOf, type WireOutcome, type WirePath } from './wire';

export interface SetAttributesTask {
  readonly files: readonly {
    readonly root: string;
    readonly path: WirePath;
    readonly as: Identity;
    readonly mode: number;
  }[];
}

const syncFile = promisify(fsync);
const setIdBits = 0o6000;
const execution = 0o111;

/** So many are open at a time for the sync that they share. */
const together = 256;

/** Gives fetched files the owner, mode and mtime that are told, and syncs them. Answers the mode that each has then; see `giveSetId`. */
export async function setAttributes(
  { files }: SetAttributesTask,
  claim: Claim,
  trees: Trees,
): Promise<readonly WireOutcome<number>[]> {
  const outcomes: WireOutcome<number>[] = [];
  for (let start = 0; start < files.length; start += together)
    outcomes.push(...(await setAttributesTogether(files.slice(start, start + together), claim, trees)));
  crashPoint('fetch:2-attributes-set');
  return outcomes;
}

/** First all are changed, then all synced: one commit of the file system's journal then does for all, where a sync after each waits for one each. */
async function setAttributesTogether(
  files: SetAttributesTask['files'],
  claim: Claim,
  trees: Trees,
): Promise<readonly WireOutcome<number>[]> {
  const open: number[] = [];
  try {
    const changed = files.map((file) =>
      answer(file, () => {
        const { fd } = openFile(trees.at(file.root), bytesOf(file.path), 'cached');
        open.push(fd);
        claim.check();
        change(fd, file);
        return fd;
      }),
    );
    return await Promise.all(
      changed.map(async (each, at) =>
        'failed' in each ? each : synced(files[at] as SetAttributesTask['files'][number], each.ok),
      ),
    );
  } finally {
    // All is synced, or its error told: what a close says then is no news, and must not keep the others open.
    for (const fd of open) close(fd, () => undefined);
  }
}

function change(fd: number, { as, mode, path }: SetAttributesTask['files'][number]): void {
  fchmodSync(fd, mode & ~setIdBits);
  keepOwnerAndTime(fd, as, bytesOf(path));
  giveSetId(fd, mode);
}

async function synced(file: SetAttributesTask['files'][number], fd: number): Promise<WireOutcome<number>> {
  const failed = await syncFile(fd).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  return answer(file, () => {
    if (failed) throw failed.error;
    return fstatSync(fd).mode & 0o7777;
  });
}

/** What an action on a file gives, or how it failed; what ends the batch is thrown on. */
function answer({ path }: SetAttributesTask['files'][number], act: () => number): WireOutcome<number> {
  try {
    return { ok: act() };
  } catch (error) {
    return { failed: failureOf(readingFailed(error, bytesOf(path))) };
  }
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
