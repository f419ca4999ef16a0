import type { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, Register } from '@coldroom/register';
import { removeEmptyTree } from './own-tree';
import type { OrderPlaces } from './places';
import { filesOf } from './rows';

/**
 * Removes the copies of an order below the import root: names that we made, while the files themselves are in the buffer
 * or proven. A file that OMERO has as a hard link of a copy keeps its name there.
 */
export async function removeCopies(
  { files, register }: { readonly files: Files; readonly register: Register },
  claim: ImportClaim,
  places: OrderPlaces,
  work: StageWork,
): Promise<void> {
  const root = await places.importRoot();
  if (!root) return;
  for await (const batch of filesOf(register, claim)) {
    work.check();
    const copies = batch.map((file) => root.of(file));
    const found = await files.inspect(copies);
    const names = copies.flatMap((at, index) => {
      const copy = found[index]!;
      return copy.kind === 'file' ? [{ at, file: copy.identity }] : [];
    });
    for (const outcome of await files.removeOwn(names, work)) if (!('ok' in outcome)) throw outcome.error;
  }
  await removeEmptyTree(files, root, root.directory, work);
}
