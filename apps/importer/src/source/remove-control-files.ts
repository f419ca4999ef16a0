import type { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, Register } from '@coldroom/register';
import type { OrderPlaces } from './places';
import { sameFile } from './same-file';

/**
 * Removes the manifest and the marker of a set whose sources are all gone, by the same steps: moved to a name of ours, and
 * looked at there. One that was changed since it was read stays: it may order something else.
 */
export async function removeControlFiles(
  { files, register }: { readonly files: Files; readonly register: Register },
  claim: ImportClaim,
  places: OrderPlaces,
  work: StageWork,
): Promise<void> {
  const aside = places.own('removed');
  for (const file of await register.imports.files.controls(claim.order.id)) {
    await register.switches.refuseWhereStopped();
    const from = places.sourceOf(file);
    const [read] = await files.hash([{ ...from, algorithms: ['SHA-256'] }], { direct: false }, work);
    if (!read || !('ok' in read)) continue;
    const { identity, digests } = read.ok;
    if (!sameFile(file.identity, identity) || digests['SHA-256'] !== file.digests['SHA-256']) continue;
    const to = aside.of(file);
    const [moved] = await files.move([{ from, to, file: identity }], { exact: true }, work);
    if (!moved || !('ok' in moved)) continue;
    const [removed] = await files.removeOwn([{ at: to, file: identity }], work);
    if (removed && !('ok' in removed)) throw removed.error;
    await register.imports.looks.removed(claim, [file.id]);
  }
}
