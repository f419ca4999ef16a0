import { Inject, Injectable } from '@nestjs/common';
import {
  copyPath,
  NotYet,
  reasonsToKeepOriginal,
  Refused,
  crashPoint,
  type ArchiveFile,
  type CopyStatus,
  type LinkPolicy,
} from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { HoldDirectories, Originals } from '@coldroom/trees';
import { STORES, transition, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures, refuseFor } from '../failures';
import { expectHeld, inspect, type Guard, type Place } from '../paths/inspect';
import { lookAgain } from '../paths/look-again';
import { HoldTime, Places } from '../paths/places';
import { clearTemp, hold, replaceOriginal } from './replace-original';
import { whyNotLinked } from './why-refused';

interface Candidate {
  readonly file: ArchiveFile;
  readonly place: Place;
  readonly inStore: CopyStatus | undefined;
}

interface Inspected extends Candidate {
  readonly found: Awaited<ReturnType<typeof inspect>>;
}

/** Replaces originals with links, whole filesets at a time, and keeps the originals held. */
@Injectable()
export class LinkStage implements Stage {
  readonly name = 'link';
  readonly takes = 'sealed';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly register: Register,
    private readonly holds: HoldDirectories,
    private readonly holdTime: HoldTime,
    private readonly files: Files,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const complete = await this.register.claims.completeFilesets(claim.requestId, [
      ...new Set(claim.files.map((file) => file.fileset)),
    ]);
    const ready = claim.files.filter((file) => complete.has(file.fileset));
    if (ready.length === 0) return { transitions: [], wait: waitForFileset() };
    const inStore = await store.stat(claim.bag, ready.map(copyPath));
    const policy: LinkPolicy = {
      requestState: claim.requestState,
      stopped: false,
      acceptedReads: store.acceptedReads,
      filesetComplete: true,
    };
    const places = new Places(this.originals, this.holds, store, claim.bag);
    try {
      const result = await this.linkAll(
        ready.map((file, index) => ({ file, inStore: inStore[index] })),
        places,
        policy,
        work,
      );
      const waits = result.transitions.length < claim.files.length ? { wait: result.wait ?? waitForFileset() } : {};
      return { transitions: result.transitions, delayMs: this.holdTime.ms, ...waits };
    } finally {
      await places.close();
    }
  }

  /**
   * Checks all, holds all, syncs, swaps all, syncs. A file that fails on the way is left out, and its fileset with it.
   */
  private async linkAll(
    files: readonly Omit<Candidate, 'place'>[],
    places: Places,
    policy: LinkPolicy,
    work: StageWork,
  ): Promise<StageResult> {
    const guard: Guard = async () => {
      await this.register.switches.refuseWhereStopped();
      work.check(); // last: the answer may have taken longer than our claim lasts
    };
    await guard();
    const failures = new Failures();
    const looked = await failures.results(files, async (each) => {
      const candidate = { ...each, place: await places.of(each.file) };
      return { ...candidate, found: await lookAgain(candidate.place, () => refuseWithReasons(candidate, policy)) };
    });
    const held = await failures.results(failures.wholeOnly(looked), async (candidate) => ({
      ...candidate,
      heldCtimeNs: await this.holdOne(candidate, guard, work),
    }));
    await places.syncHolds();
    crashPoint('link:2-hold-synced');

    const linked = await failures.survivors(failures.wholeOnly(held), (candidate) => linkOne(candidate, policy, guard));
    await places.syncOriginals();
    crashPoint('link:5-synced');
    return failures.result(linked.map(({ file }) => transition(file, 'link', 'linked')));
  }

  /**
   * Holds the original and returns the ctime that it has from then on. One that an earlier run already held is hashed
   * again: our hard link changed its ctime, so the ctime cannot show whether it was written to since.
   */
  private async holdOne({ file, place, found }: Inspected, guard: Guard, work: StageWork): Promise<bigint | undefined> {
    if (found.kind !== 'file') {
      await lookAgain(place, () => expectHeld(place, file));
      return undefined;
    }
    if (found.held === null) return (await hold(place, file, guard)).ctimeNs;
    const [outcome] = await this.files.hash(
      [{ root: this.originals.directory(file.root), path: file.path, algorithms: ['SHA-256'] }],
      { direct: true },
      work,
    );
    if (!outcome || 'error' in outcome) throw outcome?.error ?? new Error('no answer');
    if (outcome.ok.digests['SHA-256'] !== file.digests['SHA-256'])
      throw new Refused(
        'ORIGINAL_CHANGED',
        'the original is not the file that was hashed: it was written to while it was held',
      );
    await lookAgain(place, () => expectHeld(place, file));
    return outcome.ok.identity.ctimeNs;
  }
}

async function linkOne(
  candidate: Candidate & { readonly heldCtimeNs: bigint | undefined },
  policy: LinkPolicy,
  guard: Guard,
): Promise<void> {
  const { file, place } = candidate;
  const found = await lookAgain(place, () => refuseWithReasons(candidate, policy, candidate.heldCtimeNs));
  try {
    if (found.kind === 'our-link') await clearTemp(place, file);
    else await replaceOriginal(place, file, guard);
  } catch (error) {
    throw whyNotLinked(error, place);
  }
}

/**
 * Throws where there is a reason to keep the original. A link of ours is our own earlier step if the original is held.
 */
async function refuseWithReasons(
  { file, place, inStore }: Candidate,
  policy: LinkPolicy,
  heldCtimeNs?: bigint,
): Promise<Inspected['found']> {
  const found = await inspect(place);
  if (found.kind === 'our-link') {
    await expectHeld(place, file);
    return found;
  }
  const reasons = reasonsToKeepOriginal(
    file,
    found.kind === 'file' && heldCtimeNs !== undefined ? { ...found, heldCtimeNs } : found,
    inStore,
    policy,
  );
  refuseFor(reasons);
  return found;
}

function waitForFileset(): NotYet {
  return new NotYet('FILESET_INCOMPLETE', 'another file of the fileset is not durable yet', {
    delayMs: 600_000,
    noDeadline: true,
  });
}
