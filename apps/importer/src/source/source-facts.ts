import { NotYet, reasonsToKeepSource, type Identity, type InOmero, type SourcePolicy } from '@coldroom/domain';
import type { BufferSettings } from '@coldroom/buffers';
import { sameContent, type Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, ImportOrder, OrderedFile, Register } from '@coldroom/register';
import { staysInOmero, type LookInOmero } from './in-omero';
import type { SourceOptions } from './options';
import type { OrderPlaces } from './places';
import { sameFile } from './same-file';

/** A source that is there, and what OMERO has of it, both read now. */
export interface Facts {
  readonly file: OrderedFile;
  readonly onDisk: Identity;
  readonly inOmero: InOmero | undefined;
  /** The source and OMERO's file are one file with two names. */
  readonly shared: boolean;
}

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

/**
 * Sources that are gone need no removal, and are left out. One that we did not remove was removed by a person: OMERO must
 * have it nevertheless, or nothing more of its set goes (`NotYet` `IMPORT_SOURCE_KEPT`).
 */
export async function factsOf(
  parts: { readonly files: Files; readonly register: Register; readonly lookInOmero: LookInOmero },
  claim: ImportClaim,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
  work: StageWork,
): Promise<readonly Facts[]> {
  const facts: Facts[] = [];
  const there = await present(parts, claim, places, batch, work);
  const seen = new Set(there.map(({ file }) => file.id));
  for (const file of batch.filter(({ id, removedAt }) => removedAt === null && !seen.has(id)))
    if (!staysInOmero(file, await parts.lookInOmero(claim.order, file), undefined))
      throw new NotYet(
        'IMPORT_SOURCE_KEPT',
        `Nothing of the source is removed: "${file.display}" is gone from the buffer and is not proven in OMERO.`,
        { delayMs: 86_400_000, noDeadline: true },
      );
  for (const { file, onDisk } of there) {
    const inOmero = await parts.lookInOmero(claim.order, file);
    const shared = inOmero?.file?.dev === onDisk.dev && inOmero.file.ino === onDisk.ino;
    facts.push({ file, onDisk, inOmero, shared });
  }
  return facts;
}

/**
 * What is at the sources. Where only ctime is not the recorded one (a backup, new rights, a link of another order), the file
 * is read: with the same content it is still the file that was imported.
 */
async function present(
  { files, register }: { readonly files: Files; readonly register: Register },
  claim: ImportClaim,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
  work: StageWork,
): Promise<readonly { readonly file: OrderedFile; readonly onDisk: Identity }[]> {
  const found = await files.inspect(batch.map((file) => places.sourceOf(file)));
  const there: { file: OrderedFile; onDisk: Identity }[] = [];
  for (const [at, each] of found.entries()) {
    if (each.kind === 'refused') throw each.error;
    if (each.kind !== 'missing') there.push({ file: batch[at]!, onDisk: each.identity });
  }
  const touched = there.filter(
    ({ file, onDisk }) => sameFile(file.identity, onDisk) && !sameContent(file.identity, onDisk),
  );
  const outcomes = await files.hash(
    touched.map(({ file, onDisk }) => ({ ...places.sourceOf(file), algorithms: ['SHA-256' as const], expect: onDisk })),
    { direct: false },
    work,
  );
  const confirmed = touched.filter((each, at) => {
    const outcome = outcomes[at]!;
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

export interface Removable {
  /** The first file that has to be kept, and why. */
  readonly refused: { readonly file: OrderedFile; readonly reasons: readonly string[] } | undefined;
  readonly may: readonly Facts[];
}

export function removable(order: ImportOrder, facts: readonly Facts[], policy: SourcePolicy): Removable {
  for (const { file, onDisk, inOmero } of facts) {
    const { state, transfer } = order;
    const sha256 = file.digests['SHA-256'] ?? null;
    const asked = { state, transfer, size: file.size, sha256, identity: file.identity };
    const reasons = reasonsToKeepSource(asked, onDisk, inOmero, policy);
    if (reasons.length > 0) return { refused: { file, reasons: reasons.map(({ message }) => message) }, may: [] };
  }
  return { refused: undefined, may: facts };
}
