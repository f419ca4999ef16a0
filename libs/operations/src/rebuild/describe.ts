import { ColdroomError, Refused, type CopyStatus, type Store, type Work } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { RebuiltBag, RebuiltFile } from '@coldroom/register';
import { informationOf, readBag, type DescribedFile } from '@coldroom/bagit';
import type { OriginalPaths, Standing } from './at-path';
import type { Held, HeldOriginals, NumbersOf } from './held';

export interface RebuildPlaces {
  readonly store: Store;
  readonly originals: OriginalPaths;
  readonly held: HeldOriginals;
  readonly numbersOf: NumbersOf;
  readonly work: Work;
}

/** What a bag says about itself, what the store has of it, and what is at the paths of its files. Only reads. */
export async function describe(
  { store, originals, held, numbersOf, work }: RebuildPlaces,
  name: string,
): Promise<RebuiltBag & { readonly unlisted: number }> {
  const { files, information, date } = await readBag(store, name);
  const [first] = files;
  if (!first) throw new Refused('BAG_INCONSISTENT', 'The bag describes no file.', { bag: name });
  if (files.some((file) => file.owner !== first.owner || file.group !== first.group))
    throw new Refused(
      'BAG_INCONSISTENT',
      'The bag holds files of several owners or groups; one request has one of each.',
      { bag: name },
    );
  const standing = await originals.look(
    files.map(({ root, path, copyPath }) => ({ root, path, target: store.linkTarget(name, copyPath) })),
  );
  const copies = await statusOf(store, name, files);
  const away = files.filter((file, at) => !isOriginal(file, standing[at]!));
  const known = await held.recognise(name, away, numbersOf, work);
  const number = (label: string): bigint | undefined => {
    const value = informationOf(information, label);
    return value !== undefined && /^\d{1,18}$/.test(value) ? BigInt(value) : undefined;
  };
  return {
    name,
    store: store.name,
    date,
    requestNumber: number('Coldroom-Request') ?? numberIn(name),
    owner: first.owner,
    ownerId: number('Coldroom-Owner-Id') ?? -1n,
    group: first.group,
    groupId: number('Coldroom-Group-Id') ?? -1n,
    requester: informationOf(information, 'Coldroom-Requester') ?? first.owner,
    requesterId: number('Coldroom-Requester-Id') ?? -1n,
    images: files.flatMap(({ imageIds, fileset }) => imageIds.map((imageId) => ({ imageId, fileset }))),
    files: files.map((file, at) => judge(file, standing[at]!, copies[at]!, known.get(file))),
    unlisted: (await store.list(name)).length - copies.filter((copy) => copy !== 'missing').length,
  };
}

/** The name of a bag packed by the scanner contains its request; the name of a bag packed by a retry does not. */
function numberIn(bag: string): bigint | null {
  const [, number] = /^request-([1-9]\d{0,14})-bag-/.exec(bag) ?? [];
  return number === undefined ? null : BigInt(number);
}

type Copy = CopyStatus | 'missing' | ColdroomError;

/** One answer for each file: something in the bag that is not a file must not hide valid files. */
async function statusOf(store: Store, bag: string, files: readonly DescribedFile[]): Promise<readonly Copy[]> {
  try {
    return (
      await store.stat(
        bag,
        files.map(({ copyPath }) => copyPath),
      )
    ).map((status) => status ?? 'missing');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (files.length === 1) return [error];
    const copies: Copy[] = [];
    for (const file of files) copies.push(...(await statusOf(store, bag, [file])));
    return copies;
  }
}

function judge(file: DescribedFile, standing: Standing, copy: Copy, held: Held | undefined): RebuiltFile {
  return {
    fileset: file.fileset,
    root: file.root,
    path: file.path,
    display: displayPath(file.path),
    originalFileId: file.originalFileId,
    pixelsId: file.pixelsId,
    omeroHash: file.omeroHash,
    digests: file.digests,
    identity: held?.identity ?? file.identity,
    heldAs: held?.number ?? null,
    copyVersion: copy === 'missing' || copy instanceof ColdroomError ? null : copy.version,
    copyFault: faultOf(file, copy),
    ...stateOf(file, standing, held !== undefined),
  };
}

function faultOf({ identity }: DescribedFile, copy: Copy): string | null {
  if (copy === 'missing') return 'COPY_MISSING';
  if (copy instanceof ColdroomError) return copy.code;
  return copy.size === identity.size ? null : 'COPY_SIZE';
}

function stateOf(
  file: DescribedFile,
  standing: Standing,
  held: boolean,
): Pick<RebuiltFile, 'state' | 'code' | 'reason'> {
  const state = held ? 'linked' : 'released';
  if (standing.kind === 'our-link') return { state, code: null, reason: null };
  if (isOriginal(file, standing))
    return {
      state: 'skipped',
      code: 'ORIGINAL_IN_PLACE',
      reason: 'a file of its size and time is at its path: it was undone, restored or never linked',
    };
  const found = {
    missing: 'nothing is there',
    file: 'another file is there',
    other: standing.kind === 'other' ? standing.what : '',
  }[standing.kind];
  return { state, code: 'LINK_MISSING', reason: `the link to this copy is not at its path: ${found}` };
}

/** As far as can be seen: undone, restored, or never linked. */
function isOriginal({ identity }: DescribedFile, standing: Standing): boolean {
  return (
    standing.kind === 'file' &&
    standing.identity.size === identity.size &&
    standing.identity.mtimeNs === identity.mtimeNs
  );
}
