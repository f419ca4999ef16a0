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

/** This many files are open at a time for a common sync. */
const together = 256;

/**
 * Gives fetched files the specified owner, mode and mtime, and syncs them. Returns the mode that each has then; see
 * `giveSetId`.
 */
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

/**
 * All files are changed first and synced after: one journal commit of the file system then serves all of them. A sync
 * after each change would wait for one commit each.
 */
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
    // All is synced, or its error is reported: an error of a close adds nothing, and must not keep the others open.
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

/** The result of an action on a file, or how it failed; what ends the batch is thrown again. */
function answer({ path }: SetAttributesTask['files'][number], act: () => number): WireOutcome<number> {
  try {
    return { ok: act() };
  } catch (error) {
    return { failed: failureOf(readingFailed(error, bytesOf(path))) };
  }
}

/**
 * After the owner, as a change of owner clears these bits. A program never gets them: anyone who can write to the
 * register and to the store could otherwise make one that runs with the rights of its owner. On data, which cannot be
 * executed, they mean nothing and are restored; where our rights are not enough, the system leaves them out or refuses.
 */
function giveSetId(fd: number, mode: number): void {
  if ((mode & setIdBits) === 0 || (mode & execution) !== 0) return;
  try {
    fchmodSync(fd, mode);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
  }
}
