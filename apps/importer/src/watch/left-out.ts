import { walk, type Files, type Root } from '@coldroom/files';
import type { Register } from '@coldroom/register';
import { sameFile } from '../source/same-file';

/**
 * Whether all that is in a set are files that OMERO's importer left out in this order, unchanged: nothing new is there to be
 * imported.
 */
export async function isOnlyLeftOut(
  { files, register }: { readonly files: Files; readonly register: Register },
  root: Root,
  set: Buffer,
  orderId: bigint,
): Promise<boolean> {
  for await (const batch of walk(files, root, set)) {
    const known = await register.imports.files.leftOutAt(
      orderId,
      batch.map(({ path }) => path),
    );
    const byPath = new Map(known.map((file) => [file.path.toString('latin1'), file]));
    for (const { path, kind, identity } of batch) {
      const file = byPath.get(path.toString('latin1'));
      if (kind !== 'file' || !file || !sameFile(file.identity, identity)) return false;
    }
  }
  return true;
}
