import { Inject, Injectable } from '@nestjs/common';
import { copyPath, NotYet, reasonsToKeepHeld, Refused, step, type ArchiveFile, type CopyStatus } from '@coldroom/domain';
import { HoldDirectories, STORES, moved, Originals, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures } from './failures';
import { HoldTime, Places } from './places';
import { lookAtArchived, release, type Before, type Place } from './swap';

/** Frees the space of held originals when their time is over. */
@Injectable()
export class ReleaseHeld implements Stage {
  readonly name = 'release';
  readonly takes = 'linked';

  constructor(
    @Inject(STORES) private readonly stores: Stores, @Inject(Originals) private readonly originals: Originals,
    @Inject(Register) private readonly register: Register, @Inject(HoldDirectories) private readonly holds: HoldDirectories,
    @Inject(HoldTime) private readonly holdTime: HoldTime,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const stillMs = Math.max(...claim.files.map((file) => this.holdTime.left(file.linkedAt)));
    if (stillMs > 0) return { moves: [], wait: new NotYet('HELD', 'the originals are held for some time still', { delayMs: stillMs, noDeadline: true }) };
    const store = this.stores.get(claim.store);
    const inStore = await store.stat(claim.bag, claim.files.map(copyPath));
    const places = new Places(this.originals, this.holds, store, claim.bag);
    const before: Before = async () => {
      await this.register.switches.refuseWhereStopped();
      work.check(); // last: the answer may have taken longer than our claim lasts
    };
    const failures = new Failures();
    try {
      const freed = await failures.survivors(claim.files.map((file, index) => ({ file, inStore: inStore[index] })), async ({ file, inStore: copy }) => {
        await releaseOne(file, await places.of(file), copy, before);
      });
      await places.syncHolds();
      step('release:2-synced');
      return failures.result(freed.map(({ file }) => moved(file, 'release', 'released')));
    } finally {
      await places.close();
    }
  }
}

async function releaseOne(file: ArchiveFile, place: Place, inStore: CopyStatus | undefined, before: Before): Promise<void> {
  const { atPath, held } = await lookAtArchived(place);
  if (held === null && atPath !== 'our-link') throw new Refused('LINK_GONE', 'neither our link nor the held original is there; look before anything else');
  if (held !== null) {
    const reasons = reasonsToKeepHeld(file, atPath, held, inStore, false);
    const [first] = reasons;
    if (first && reasons.every((reason) => reason.code === 'NOT_DURABLE')) throw new NotYet('NOT_DURABLE', first.message, { delayMs: 60_000 });
    if (first) throw new Refused(first.code, reasons.map((reason) => reason.message).join('; '));
    await release(place, before);
  }
}
