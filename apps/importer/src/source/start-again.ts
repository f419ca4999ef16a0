import type { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, Register } from '@coldroom/register';
import { takeAway } from './own-tree';
import type { OrderPlaces } from './places';

/**
 * Takes the locks of an order away whose set is to be looked at again. A file that was deleted or replaced in the source
 * meanwhile does not come back to it: it would be imported with the rest. It may have no other name, so it is not removed
 * either, but set aside: `<locks>/<order>-kept-<time>`. Where files may have been moved, they are given back.
 */
export async function startAgain(
  { files, register }: { readonly files: Files; readonly register: Register },
  claim: ImportClaim,
  places: OrderPlaces,
  work: StageWork,
): Promise<void> {
  const { lock, fallback } = places.buffer;
  const tree = places.own('locks');
  const { kept, shown } = await takeAway(files, tree, work, lock === 'moved' || fallback === 'moved');
  if (kept === 0) return;
  const aside = Buffer.concat([tree.directory, Buffer.from(`-kept-${Date.now()}`)]);
  const { directory: root } = tree.root;
  await files.setAside({ root, path: tree.directory }, { root, path: aside }, work);
  await register.imports.looks.note(claim, 'import files kept', {
    kept,
    shown,
    directory: `${root}/${aside.toString()}`,
  });
}
