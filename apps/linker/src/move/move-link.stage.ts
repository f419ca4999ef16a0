import { Inject, Injectable } from '@nestjs/common';
import {
  copyPath,
  NotYet,
  pathReasons,
  reasonsToKeepOldLink,
  Refused,
  crashPoint,
  Transient,
  type ArchiveFile,
  type AtPath,
  type CopyStatus,
  type ProvenCopy,
  type Reason,
  type MoveLinkPolicy,
} from '@coldroom/domain';
import { HoldDirectories, Originals } from '@coldroom/trees';
import { transition, STORES, stuck, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { leaveAsTheyAre, Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures } from '../failures';
import type { Guard } from '../paths/inspect';
import { Places } from '../paths/places';
import { leaveLinks } from './leave-links';
import { linksOf } from './links-of';
import { inspectLink, moveLinkOne, type MovedPlace } from './move-link';

interface Candidate {
  readonly file: ArchiveFile;
  readonly inStore: CopyStatus | undefined;
}

/**
 * Swaps the links of a bag for links into the store that it moves to, and then the bag in the register, all at once. Or,
 * after its store was found in another directory, for links into that one.
 * Links that could not be swapped are set aside: the copy of their file is in that store as well.
 */
@Injectable()
export class MoveLinkStage implements Stage {
  readonly name = 'move-link';
  readonly takes = 'moveSealed';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly register: Register,
    private readonly holds: HoldDirectories,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    if (claim.movingTo === null && claim.relinkFrom === leaveAsTheyAre) return this.leave(claim, work);
    const { to, oldTargetOf } = linksOf(this.stores, claim);
    const behind = claim.movingTo === null ? 0 : await this.register.moves.behind(claim.bagId, 'moveSealed');
    if (behind > 0) return { transitions: [], wait: blocked(claim, behind) };
    const policy: MoveLinkPolicy = { stopped: false, acceptedReads: to.acceptedReads, bagMoveSealed: true };
    const wayOn = wayOnFrom(claim);
    const statuses = await to.stat(claim.bag, claim.files.map(copyPath)).catch((error: unknown) => {
      throw withWayOn(error, wayOn);
    });
    const candidates = claim.files.map((file, index): Candidate => ({ file, inStore: statuses[index] }));
    const reasonsOf = ({ file, inStore }: Candidate, atPath: AtPath): readonly Reason[] =>
      reasonsToKeepOldLink(file, { atPath, copy: proofOf(file, claim), inStore }, policy);
    const spoiled = candidates
      .map((each) => ({ ...each, reasons: reasonsOf(each, 'our-link') }))
      .filter(({ reasons }) => reasons.length > 0);
    // as long as one copy is not good there, no link leads there
    if (spoiled.length > 0) return spoiledBag(spoiled, wayOn);

    const guard = this.guardOf(work);
    await guard();
    const places = new Places(this.originals, this.holds, to, claim.bag);
    const failures = new Failures();
    try {
      const moveLinked = await failures.survivors(candidates, async (candidate) => {
        const place: MovedPlace = {
          ...(await places.of(candidate.file)),
          oldTarget: oldTargetOf(candidate.file),
        };
        refuse(reasonsOf(candidate, await inspectLink(place)));
        await moveLinkOne(place, guard);
      });
      await places.syncOriginals();
      crashPoint('move-link:4-synced');
      // the bag is switched as a whole: links that are already swapped are recognised by their target
      failures.throwPassing();
      const { transitions } = failures.result(moveLinked.map(({ file }) => transition(file, 'moveLink', 'linked')));
      return { transitions, ...(claim.movingTo === null ? {} : { switched: true }) };
    } finally {
      await places.close();
    }
  }

  private async leave(claim: Claim, work: StageWork): Promise<StageResult> {
    const places = new Places(this.originals, this.holds, this.stores.get(claim.store), claim.bag);
    try {
      return await leaveLinks(places, claim, this.guardOf(work));
    } finally {
      await places.close();
    }
  }

  private guardOf(work: StageWork): Guard {
    return async () => {
      await this.register.switches.refuseWhereStopped();
      work.check(); // last: the answer may have taken longer than our claim lasts
    };
  }
}

/** What proved the copy in the store that the link is to lead to: once the bag is there, that is its copy. */
function proofOf(file: ArchiveFile, { movingTo }: Claim): ProvenCopy | null {
  if (movingTo !== null) return file.elsewhere ?? null;
  const { copyVersion: version, copyDigest: digest, copyRead: read } = file;
  return version === null || digest === null || read === null ? null : { version, digest, read };
}

function spoiledBag(
  spoiled: readonly { readonly file: ArchiveFile; readonly reasons: readonly Reason[] }[],
  wayOn: string,
): StageResult {
  const bad = spoiled.filter(({ reasons }) => reasons.some(({ code }) => code !== 'NOT_DURABLE'));
  if (bad.length > 0) return { transitions: bad.map(({ file, reasons }) => stuck(file, worst(reasons, wayOn))) };
  throw new NotYet('NOT_DURABLE', spoiled[0]?.reasons[0]?.message ?? '', { delayMs: 60_000 });
}

function worst(reasons: readonly Reason[], wayOn: string): { readonly code: string; readonly message: string } {
  return { code: (reasons[0] as Reason).code, message: `${reasons.map(({ message }) => message).join('; ')}${wayOn}` };
}

/** For a cancelled move that cannot go back: the copies in the other store are still proven. */
function wayOnFrom({ movingTo, movedFrom, store, files, requestId }: Claim): string {
  if (movingTo !== null || movedFrom === null || !files.every((file) => file.elsewhere)) return '';
  return `. The move to store ${movedFrom} was cancelled, and the links have to point back; "coldroom move --from ${store} --to ${movedFrom} Request:${requestId}" leads all links there`;
}

function withWayOn(error: unknown, wayOn: string): unknown {
  if (wayOn === '' || !(error instanceof Transient)) return error;
  return new Transient(error.code, `${error.message}${wayOn}`, error.details, { cause: error });
}

function refuse(reasons: readonly Reason[]): void {
  const first = reasons.find(({ code }) => pathReasons.includes(code)) ?? reasons[0];
  if (first) throw new Refused(first.code, reasons.map(({ message }) => message).join('; '));
}

function blocked({ bag, movingTo }: Claim, behind: number): NotYet {
  return new NotYet(
    'MOVE_BLOCKED',
    `bag ${bag} moves to store ${movingTo} as a whole: ${behind} of its files are stuck; retry them, or "coldroom move --cancel"`,
    { delayMs: 600_000, noDeadline: true },
  );
}
