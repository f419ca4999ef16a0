import { Inject, Injectable } from '@nestjs/common';
import { copyPath, NotYet, reasonsToKeepFetched, crashPoint, type ArchiveFile } from '@coldroom/domain';
import { transition, STORES, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { Failures, refuseFor } from '../failures';
import type { Guard } from '../paths/inspect';
import { dropRecalled } from './recalled-copies';
import { RecallPlaces } from '../paths/recall-places';

/** Removes recalled copies whose time is over, while the store's own copy is there and unchanged. */
@Injectable()
export class ExpireStage implements Stage {
  readonly name = 'expire';
  readonly takes = 'recalled';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly register: Register,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const now = Date.now();
    const due = claim.files.filter((file) => file.onlineUntil !== null && file.onlineUntil.getTime() <= now);
    if (due.length === 0) return { transitions: [], wait: waitFor(claim.files, now) };
    const store = this.stores.get(claim.store);
    const inStore = await store.stat(claim.bag, due.map(copyPath));
    const places = new RecallPlaces(store, claim.bag);
    const root = await places.root();
    const guard: Guard = async () => {
      await this.register.switches.refuseWhereStopped();
      work.check();
    };
    const failures = new Failures();
    // a check may have found a copy bad while the store was queried
    const known = await this.register.claims.asOfNow(claim.bagId, due);
    const dropped = await failures.survivors(
      known.map((file, at) => ({ file, copy: inStore[at] })),
      async ({ file, copy }) => {
        refuseFor(reasonsToKeepFetched(file, copy), 'the recalled copy is kept');
        await dropRecalled(root, places.pathOf(file), file, guard);
      },
    );
    crashPoint('expire:2-synced');
    return failures.result(dropped.map(({ file }) => transition(file, 'expire', 'linked')));
  }
}

function waitFor(files: readonly ArchiveFile[], now: number): NotYet {
  const next = Math.min(...files.map((file) => file.onlineUntil?.getTime() ?? now + 86_400_000));
  return new NotYet('RECALLED', 'recalled copies stay online for some time', {
    delayMs: Math.max(0, next - now),
    noDeadline: true,
  });
}
