import { copyPath, crashPoint, packBags, type CopyDigest, type Outcome } from '@coldroom/domain';
import { displayPath, identify } from '@coldroom/files';
import type { AdoptedFile, Settlement } from '@coldroom/register';
import type { Owner } from '../doctor/owner';
import { unclaimed } from '../stores/open';
import { judgeCopy, wantedDigests, type Judged, type Proof } from './judge-copy';
import type { AdoptionPlaces } from './look';
import type { LookedFile, LookedJob } from './looked';
import { settlementOf } from './settlement';

export interface TakeOver {
  readonly by: string;
  /** The owner of OMERO's files: the copies have that of the older tool. */
  readonly owner: Owner;
  /** Copies that nothing recorded can prove are registered, too. */
  readonly acceptUnproven: boolean;
  /** Called for each copy that was read. */
  readonly read: (file: LookedFile, proof: Proof | 'COPY_NOT_READ', reason: string) => void;
}

export interface TakenOver {
  readonly requestId: bigint;
  readonly files: number;
  readonly bytes: bigint;
  readonly state: Settlement['state'];
  readonly left: number;
}

/** Reads what a job has archived, registers it, and settles the job. May be stopped and repeated at any point. */
export async function takeOver(
  places: AdoptionPlaces,
  looked: LookedJob,
  order: TakeOver,
): Promise<TakenOver | undefined> {
  const { adoptions } = places.register;
  const draft = draftOf(looked);
  if (!draft) return undefined;
  const key = { store: places.store.name, job: looked.job.name };
  const requestId = await adoptions.begin(key, draft, order.by);
  const adopted = new Set(looked.files.filter(({ duty }) => duty === 'known'));
  let [files, bytes] = [0, 0n];
  for await (const bag of packBags(toPack(looked.files))) {
    const ready = await readBag(
      places,
      bag.files.map(({ file }) => file),
      order,
    );
    crashPoint('adopt:1-read');
    if (ready.length === 0) continue;
    await adoptions.add(
      requestId,
      places.store.name,
      ready.map(({ row }) => row),
      order.by,
    );
    for (const { file, row } of ready) {
      adopted.add(file);
      files += 1;
      bytes += row.identity.size;
    }
  }
  const settlement = settlementOf(looked, adopted);
  await adoptions.settle(requestId, settlement, order.by);
  return { requestId, files, bytes, state: settlement.state, left: settlement.names.length };
}

/** Whose request it is: by the job, where OMERO has an image of theirs; otherwise by the first image. */
function draftOf({
  job: { text },
  images,
}: LookedJob): Parameters<AdoptionPlaces['register']['adoptions']['begin']>[1] | undefined {
  const named = images.find(({ owner, group }) => owner.id === text?.userId && group.id === text?.groupId);
  const image = named ?? images[0];
  if (!image || !text) return undefined;
  return {
    ownerId: image.owner.id,
    owner: image.owner.name,
    groupId: image.group.id,
    group: image.group.name,
    requesterId: text.requesterId ?? image.owner.id,
    requester: text.requester ?? image.owner.name,
  };
}

/** Fileset by fileset, so that a bag has whole ones. */
async function* toPack(
  files: readonly LookedFile[],
): AsyncGenerator<{ readonly id: bigint; readonly fileset: string; readonly size: bigint; readonly file: LookedFile }> {
  const ready = files.filter(({ duty }) => duty === 'adopt');
  for (const [fileset, some] of Map.groupBy(ready, ({ omero }) => omero!.component))
    for (const file of some) yield { id: 0n, fileset, size: sizeOf(file), file };
}

const sizeOf = ({ copy }: LookedFile): bigint => (typeof copy === 'object' ? copy.size : 0n);

/** Reads each copy as a whole. Those that are as recorded, or that a person accepts, are returned. */
async function readBag(
  places: AdoptionPlaces,
  files: readonly LookedFile[],
  order: TakeOver,
): Promise<readonly { readonly file: LookedFile; readonly row: AdoptedFile }[]> {
  const ready: { file: LookedFile; row: AdoptedFile }[] = [];
  for (const [wanted, some] of Map.groupBy(files, (file) => wantedDigests(knownOf(file)).join())) {
    const algorithms = wanted.split(',') as ReturnType<typeof wantedDigests>;
    const copies = await places.store.digest(
      '',
      some.map(({ place }) => copyPath(place!)),
      [...algorithms],
      unclaimed(),
    );
    for (const [nr, file] of some.entries()) {
      const copy = copies[nr] as Outcome<CopyDigest>;
      if ('error' in copy) {
        if (copy.error.kind !== 'refused') throw copy.error; // an unavailable disk says nothing about the copy
        order.read(file, 'COPY_NOT_READ', copy.error.message);
        continue;
      }
      const judged = judgeCopy(knownOf(file), copy.ok);
      const isTaken = judged.proof !== 'DIFFERS' && (judged.proof !== 'UNPROVEN' || order.acceptUnproven);
      if (!isTaken) {
        order.read(file, judged.proof, judged.reason);
        continue;
      }
      const seen = await identify(places.store.linkTarget('', copyPath(file.place!)));
      if (!seen || seen.size !== copy.ok.size) order.read(file, 'COPY_NOT_READ', 'the copy changed while it was read');
      else {
        order.read(file, judged.proof, judged.reason);
        ready.push({ file, row: rowOf(file, copy.ok, judged, { ...seen, ...order.owner }) });
      }
    }
  }
  return ready;
}

const knownOf = ({ record, omero }: LookedFile): Parameters<typeof judgeCopy>[0] => ({
  record: record === 'broken' ? undefined : record,
  omeroHash: omero?.hash ?? null,
  size: omero?.size ?? null,
});

function rowOf(
  { omero, place }: LookedFile,
  { digests, size, version, read }: CopyDigest,
  { proof, reason }: Judged,
  identity: AdoptedFile['identity'],
): AdoptedFile {
  return {
    fileset: omero!.component,
    root: place!.root,
    path: place!.path,
    display: displayPath(place!.path),
    originalFileId: omero!.originalFileId,
    pixelsId: omero!.pixelsId,
    omeroHash: omero!.hash,
    // OMERO opens the pixels of OMERO 4 for writing, and the older tool did not keep modes.
    identity: { ...identity, size, mode: identity.mode | 0o600 },
    digests,
    copyVersion: version,
    copyRead: read,
    proof,
    reason,
  };
}
