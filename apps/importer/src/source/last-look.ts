import { Refused, type Identity } from '@coldroom/domain';
import { sameContent, type Files, type Found, type Place } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim, OrderedFile, Register } from '@coldroom/register';
import { hasLocks } from './imported-path';
import { staysInOmero, type LookInOmero } from './in-omero';
import type { OrderPlaces } from './places';
import { filesOf } from './rows';
import { sameFile } from './same-file';

interface Parts {
  readonly files: Files;
  readonly register: Register;
  readonly lookInOmero: LookInOmero;
}

/**
 * Whether the files that were imported are still what was read before the import: by identity, and by their content where
 * only ctime differs, as it does after links were made or removed. rsync with `--inplace` is found here. `Refused`
 * `SOURCE_CHANGED`. Identities that were confirmed by content are recorded.
 */
export async function lastLook(parts: Parts, claim: ImportClaim, places: OrderPlaces, work: StageWork): Promise<void> {
  for await (const batch of filesOf(parts.register, claim, 64)) {
    work.check();
    const looked = await look(parts.files, claim, places, batch);
    for (const file of looked.filter(({ at }) => at === undefined).map((each) => each.file))
      if (!staysInOmero(file, await parts.lookInOmero(claim.order, file, work), undefined)) throw changed(file);
    const touched = looked.filter(({ file, identity }) => identity && !sameContent(identity, file.identity));
    await parts.register.imports.looks.identities(claim, await confirmed(parts.files, touched, work));
  }
}

interface Looked {
  readonly file: OrderedFile;
  /** Where the file is: at our name, or at the source after our name was taken away. */
  readonly at: Place | undefined;
  readonly identity: Identity | undefined;
}

async function look(
  files: Files,
  { order }: ImportClaim,
  places: OrderPlaces,
  batch: readonly OrderedFile[],
): Promise<readonly Looked[]> {
  const sources = batch.map((file) => places.sourceOf(file));
  const atSource = await files.inspect(sources);
  if (!hasLocks(order)) return batch.map((file, at) => lookedAt(file, sources[at]!, atSource[at]!) ?? missing(file));
  const own = batch.map((file) => places.own('locks').of(file));
  const atOwn = await files.inspect(own);
  return batch.map((file, at) => {
    const ours = lookedAt(file, own[at]!, atOwn[at]!);
    if (ours) return ours;
    const source = atSource[at]!;
    // The source may be anyone's by now, if our name is gone: only the same file counts.
    const same = source.kind === 'file' && sameFile(source.identity, file.identity);
    return same ? { file, at: sources[at]!, identity: source.identity } : { file, at: undefined, identity: undefined };
  });
}

function lookedAt(file: OrderedFile, at: Place, found: Found): Looked | undefined {
  if (found.kind === 'missing') return undefined;
  if (found.kind === 'refused') {
    if (found.error.code === 'PARENT_NOT_A_DIRECTORY') throw changed(file);
    throw found.error;
  }
  if (found.kind !== 'file' || !sameFile(found.identity, file.identity)) throw changed(file);
  return { file, at, identity: found.identity };
}

function missing(file: OrderedFile): never {
  throw changed(file);
}

/** Reads files whose ctime differs. */
async function confirmed(
  files: Files,
  touched: readonly Looked[],
  work: StageWork,
): Promise<readonly { readonly id: bigint; readonly identity: Identity }[]> {
  const outcomes = await files.hash(
    touched.map(({ at, identity }) => ({ ...at!, algorithms: ['SHA-256' as const], expect: identity! })),
    { direct: false },
    work,
  );
  return touched.map(({ file }, at) => {
    const outcome = outcomes[at]!;
    if (!('ok' in outcome)) throw outcome.error;
    if (outcome.ok.digests['SHA-256'] !== file.digests['SHA-256']) throw changed(file);
    return { id: file.id, identity: outcome.ok.identity };
  });
}

function changed(file: OrderedFile): Refused {
  return new Refused(
    'SOURCE_CHANGED',
    `"${file.display}" was changed or removed while it was imported. What OMERO has may be neither the old nor the new content: compare the two.`,
  );
}
