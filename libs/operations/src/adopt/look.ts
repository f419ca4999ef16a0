import { copyPath, Refused, type CopyStatus, type Store } from '@coldroom/domain';
import { displayPath, type Files } from '@coldroom/files';
import type { ClosureFile, ClosureImage, OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import type { Originals } from '@coldroom/trees';
import { lookAtPaths, type AtPath } from '../audit/at-path';
import type { FoundJob, OlderArchive } from './older-archive';
import type { NamedPaths } from './named-paths';
import { absoluteName, olderName, OmeroFiles, type OlderName } from './older-names';
import { dutyOf } from './duty';
import type { LookedFile, LookedImage, LookedJob } from './looked';

/** Where everything is that a take-over looks at. */
export interface AdoptionPlaces {
  readonly register: Register;
  readonly omero: OmeroDatabase;
  readonly store: Store;
  readonly files: Files;
  readonly originals: Originals;
  readonly archive: OlderArchive;
  /** OMERO's data directory as the older tool named it. */
  readonly omeroDirectory: string;
  /** What its two registers name. */
  readonly registers: { readonly toArchive: NamedPaths; readonly archived: NamedPaths };
}

const atOnce = 1000;

/** Compares what a job says with OMERO, the disks and the registers. Changes nothing. */
export async function lookAtJob(places: AdoptionPlaces, job: FoundJob, claimed: NamedPaths): Promise<LookedJob> {
  const { register, store } = places;
  const requestId = await register.adoptions.requestOf({ store: store.name, job: job.name });
  const imageIds = job.text?.imageIds ?? [];
  const { images, files: known } = await closureOf(places, imageIds);
  const files: LookedFile[] = [];
  for (let start = 0; start < (job.text?.files.length ?? 0); start += atOnce)
    files.push(...(await lookAtFiles(places, { job, requestId, known, claimed, start })));
  const found = new Set(images.map(({ imageId }) => imageId));
  return { job, requestId, files, images, goneImages: imageIds.filter((id) => !found.has(id)) };
}

/** As the scanner would archive them: with all images and files that belong to these. */
async function closureOf(
  { omero }: AdoptionPlaces,
  imageIds: readonly bigint[],
): Promise<{ readonly images: readonly LookedImage[]; readonly files: OmeroFiles }> {
  const images: ClosureImage[] = [];
  const files: ClosureFile[] = [];
  if (imageIds.length > 0)
    await omero.withClosure(imageIds, async (closure) => {
      for await (const image of closure.images) images.push(image);
      for await (const file of closure.files) files.push(file);
    });
  const looked: LookedImage[] = [];
  for (let start = 0; start < images.length; start += atOnce) {
    const some = images.slice(start, start + atOnce);
    const facts = await omero.imageFacts(some.map(({ imageId }) => imageId));
    looked.push(...some.map((image) => ({ ...image, marks: facts.get(image.imageId)?.marks ?? [] })));
  }
  return { images: looked, files: new OmeroFiles(files) };
}

interface Batch {
  readonly job: FoundJob;
  readonly requestId: bigint | undefined;
  readonly known: OmeroFiles;
  /** Paths that an earlier entry has. */
  readonly claimed: NamedPaths;
  readonly start: number;
}

async function lookAtFiles(
  places: AdoptionPlaces,
  { job, requestId, known, claimed, start }: Batch,
): Promise<readonly LookedFile[]> {
  const entries = job.text!.files.slice(start, start + atOnce).map(({ name, status }) => {
    const named = olderName(name, places.omeroDirectory);
    const match = named && known.find(named);
    const place = match ? { root: match.file.root, path: match.file.path } : named;
    const absolute = place ? absoluteName(place, places.omeroDirectory) : name;
    return { display: displayPath(name), status, absolute, place, match };
  });
  const placed = entries.flatMap(({ place }) => (place ? [place] : []));
  const requests = (await places.register.adoptions.requestsOf(placed)).values();
  const disks = (await disksOf(places, placed)).values();
  const copies = (await copiesOf(places.store, placed)).values();
  const looked: LookedFile[] = [];
  for (const { match, ...entry } of entries) {
    const facts = {
      ...entry,
      omero: match?.file,
      record: await places.archive.record(entry.absolute),
      disk: entry.place && disks.next().value,
      copy: entry.place && copies.next().value,
      inRegisters: {
        toArchive: places.registers.toArchive.has(entry.absolute),
        archived: places.registers.archived.has(entry.absolute),
      },
      requestId: (entry.place && requests.next().value) ?? null,
    };
    const target = entry.place && places.store.linkTarget('', copyPath(entry.place));
    const { duty, codes } = dutyOf(facts, {
      folder: job.folder,
      own: requestId,
      target,
      isTwice: claimed.has(entry.absolute),
    });
    if (duty === 'adopt' || duty === 'archive' || duty === 'known') claimed.add(entry.absolute);
    looked.push({ ...facts, duty, codes: match && !match.isExact ? [...codes, 'NAME_AMBIGUOUS'] : codes });
  }
  return looked;
}

async function disksOf(
  { files, originals }: AdoptionPlaces,
  placed: readonly OlderName[],
): Promise<readonly (AtPath | undefined)[]> {
  const all = new Map<number, AtPath>();
  for (const [root, some] of Map.groupBy(placed.entries(), ([, { root: name }]) => name)) {
    const { directory } = await originals.root(root);
    const asked = some.map(([nr, { path }]) => ({ id: BigInt(nr), path }));
    for (const [id, at] of await lookAtPaths(files, directory, asked)) {
      // An error of the disk says nothing about the file.
      if (at.kind === 'unseen') throw at.error;
      all.set(Number(id), at);
    }
  }
  return placed.map((_, nr) => all.get(nr));
}

async function copiesOf(
  store: Store,
  placed: readonly OlderName[],
): Promise<readonly (CopyStatus | 'other' | undefined)[]> {
  try {
    return await store.stat('', placed.map(copyPath));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (placed.length === 1) return ['other'];
    const single: (CopyStatus | 'other' | undefined)[] = [];
    for (const place of placed) single.push(...(await copiesOf(store, [place])));
    return single;
  }
}
