import type { Identity } from '@coldroom/domain';
import { sameContent, type Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, OrderedFile, Register } from '@coldroom/register';
import type { OrderPlaces } from './places';
import { day, kept } from './source-kept';

interface Parts {
  readonly files: Files;
  readonly register: Register;
}

/**
 * Moves the sources of a batch to names of ours, if they are what was looked at last, and records what they are then. What
 * is gone already needs no move.
 */
export async function moveAside(
  { files, register }: Parts,
  claim: ImportClaim,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
  work: StageWork,
): Promise<void> {
  await register.switches.refuseWhereStopped();
  const found = await files.inspect(batch.map((file) => places.sourceOf(file)));
  const there = batch.filter((_, at) => found[at]!.kind !== 'missing');
  const aside = places.own('removed');
  const pairs = there.map((file) => ({ from: places.sourceOf(file), to: aside.of(file), file: file.identity }));
  const moved = (await files.move(pairs, { exact: true }, work)).map((outcome, at) => {
    if (!('ok' in outcome)) throw kept(outcome.error.message, day);
    return { id: there[at]!.id, identity: outcome.ok };
  });
  await register.imports.looks.identities(claim, moved);
}

/** Throws if a file that was moved aside is no longer what was looked at; a name that it lost in OMERO counts, too. */
export async function refuseTouched(
  parts: Parts,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
): Promise<readonly { readonly file: OrderedFile; readonly identity: Identity }[]> {
  const aside = places.own('removed');
  const found = await parts.files.inspect(batch.map((file) => aside.of(file)));
  return batch.flatMap((file, at) => {
    const each = found[at]!;
    if (each.kind === 'missing') return [];
    if (each.kind === 'refused') throw each.error;
    // ctime is part of it: it changes with each name that an inode gets or loses.
    if (!sameContent(each.identity, file.identity))
      throw kept(`"${file.display}" was changed or lost a name while it was looked at`, day);
    return [{ file, identity: each.identity }];
  });
}

/** Removes the files of a batch from our names: every file of the set was found right. */
export async function removeAside(
  parts: Parts,
  claim: ImportClaim,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
  work: StageWork,
): Promise<void> {
  const { files, register } = parts;
  await register.switches.refuseWhereStopped();
  const there = await refuseTouched(parts, places, batch);
  const aside = places.own('removed');
  const names = there.map(({ file, identity }) => ({ at: aside.of(file), file: identity }));
  for (const outcome of await files.removeOwn(names, work)) if (!('ok' in outcome)) throw outcome.error;
  await register.imports.looks.removed(
    claim,
    there.map(({ file }) => file.id),
  );
}
