import type { ImportClaim, OrderedFile, Register } from '@coldroom/register';

/** The files of an order that OMERO's importer took, batch by batch. */
export async function* importedFilesOf(
  register: Register,
  claim: Pick<ImportClaim, 'order'>,
  batch?: number,
): AsyncGenerator<readonly OrderedFile[]> {
  for await (const files of filesOf(register, claim, batch)) {
    const imported = files.filter(({ fileset }) => fileset !== null);
    if (imported.length > 0) yield imported;
  }
}

/** The files of an order in the register, batch by batch. */
export async function* filesOf(
  { imports }: Register,
  { order }: Pick<ImportClaim, 'order'>,
  batch = 500,
): AsyncGenerator<readonly OrderedFile[]> {
  let after = 0n;
  for (;;) {
    const files = await imports.files.of(order.id, after, batch);
    const last = files.at(-1);
    if (!last) return;
    yield files;
    after = last.id;
  }
}
