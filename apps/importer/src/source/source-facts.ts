import { reasonsToKeepSource, type Identity, type ImportFile, type SourcePolicy } from '@coldroom/domain';
import type { BufferSettings } from '@coldroom/buffers';
import { sameContent, type Files, type Place } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, ImportOrder, OrderedFile, Register } from '@coldroom/register';
import { staysInOmero, type LookInOmero } from './in-omero';
import type { SourceOptions } from './options';
import { sameFile } from './same-file';
import { day, kept } from './source-kept';

export async function policyOf(
  { provenAt }: Pick<ImportOrder, 'provenAt'>,
  { removeAfterMs, permanent }: Pick<BufferSettings, 'removeAfterMs' | 'permanent'>,
  { removalStopped }: SourceOptions,
): Promise<SourcePolicy> {
  return {
    removeAfterMs: permanent ? null : removeAfterMs,
    provenForMs: provenAt ? Date.now() - provenAt.getTime() : -1,
    stopped: await removalStopped(),
    orderProven: provenAt !== null,
  };
}

interface Parts {
  readonly files: Files;
  readonly register: Register;
  readonly lookInOmero: LookInOmero;
}

type PlaceOf = (file: OrderedFile) => Place;

/**
 * Throws `NotYet` `IMPORT_SOURCE_KEPT` with the first reason against the removal of a file of the batch, found where `at`
 * says. Sources that are gone need no removal. One that we did not remove was removed by a person: OMERO must have it
 * nevertheless, or nothing more of its set goes.
 */
export async function refuseReasons(
  parts: Parts,
  claim: ImportClaim,
  at: PlaceOf,
  batch: readonly OrderedFile[],
  policy: SourcePolicy,
  work: StageWork,
): Promise<void> {
  const { order } = claim;
  const there = await present(parts, claim, at, batch, work);
  const seen = new Set(there.map(({ file }) => file.id));
  for (const file of batch.filter(({ id, removedAt }) => removedAt === null && !seen.has(id)))
    if (!staysInOmero(file, await parts.lookInOmero(order, file, work), undefined))
      throw kept(`"${file.display}" is gone from the buffer and is not proven in OMERO`, day);
  for (const { file, onDisk } of there) {
    const inOmero = await parts.lookInOmero(order, file, work);
    const reasons = reasonsToKeepSource(importFileOf(order, file), onDisk, inOmero, policy);
    if (reasons.length > 0) throw kept(`"${file.display}": ${reasons.map(({ message }) => message).join('; ')}`, day);
  }
}

/**
 * What is at the sources. Where only ctime is not the recorded one (a backup, new rights, a link of another order), the file
 * is read: with the same content it is still the file that was imported.
 */
async function present(
  { files, register }: Parts,
  claim: ImportClaim,
  at: PlaceOf,
  batch: readonly OrderedFile[],
  work: StageWork,
): Promise<readonly { readonly file: OrderedFile; readonly onDisk: Identity }[]> {
  const found = await files.inspect(batch.map(at));
  const there: { file: OrderedFile; onDisk: Identity }[] = [];
  for (const [index, each] of found.entries()) {
    if (each.kind === 'refused') throw each.error;
    if (each.kind !== 'missing') there.push({ file: batch[index]!, onDisk: each.identity });
  }
  const touched = there.filter(
    ({ file, onDisk }) => sameFile(file.identity, onDisk) && !sameContent(file.identity, onDisk),
  );
  const outcomes = await files.hash(
    touched.map(({ file, onDisk }) => ({ ...at(file), algorithms: ['SHA-256' as const], expect: onDisk })),
    { direct: false },
    work,
  );
  const confirmed = touched.filter((each, index) => {
    const outcome = outcomes[index]!;
    return 'ok' in outcome && outcome.ok.digests['SHA-256'] === each.file.digests['SHA-256'];
  });
  await register.imports.looks.identities(
    claim,
    confirmed.map(({ file, onDisk }) => ({ id: file.id, identity: onDisk })),
  );
  return there.map((each) =>
    confirmed.includes(each) ? { ...each, file: { ...each.file, identity: each.onDisk } } : each,
  );
}

function importFileOf({ state, transfer }: ImportOrder, { digests, size, identity }: OrderedFile): ImportFile {
  return { state, transfer, size, sha256: digests['SHA-256'] ?? null, identity };
}
