import { Inject, Injectable } from '@nestjs/common';
import { copyPath, NotYet, Refused, crashPoint, type ArchiveFile } from '@coldroom/domain';
import { STORES, transition, stuck, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

const askAgainMs = 60_000;

/** Asks the store to bring copies online whose retrieval was requested, and waits until they are. */
@Injectable()
export class BringOnlineStage implements Stage {
  readonly name = 'bring-online';
  readonly takes = 'retrieving';
  readonly runsWhileStopped = true;

  constructor(@Inject(STORES) private readonly stores: Stores) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const outcomes = await this.stores.get(claim.store).bringOnline(claim.bag, claim.files.map(copyPath), work);
    crashPoint('bring-online:1-requested');
    const transitions: StageResult['transitions'][number][] = [];
    const waiting: [ArchiveFile, string][] = [];
    claim.files.forEach((file, at) => {
      const outcome = outcomes[at];
      if (!outcome) throw new RangeError(`store ${claim.store} gave no answer for file ${file.id}`);
      if ('ok' in outcome && outcome.ok.online) transitions.push(transition(file, 'bringOnline', 'online'));
      else if ('ok' in outcome) waiting.push([file, outcome.ok.state]);
      else if (outcome.error instanceof Refused) transitions.push(stuck(file, outcome.error));
      else throw outcome.error;
    });
    if (waiting.length === 0) return { transitions };
    return {
      transitions,
      wait: new NotYet(
        'NOT_ONLINE_YET',
        `store ${claim.store} is bringing ${waiting.length} copies online (${[...new Set(waiting.map(([, state]) => state))].join(', ')})`,
        { delayMs: askAgainMs },
      ),
    };
  }
}
