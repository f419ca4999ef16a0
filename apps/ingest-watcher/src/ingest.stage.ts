import { Inject, Injectable } from '@nestjs/common';
import { copyPath, NotYet, step, type CopyStatus } from '@coldroom/domain';
import { STORES, moved, stuck, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Register, type Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';
import { describeBag } from './describe-bag';

/** Seals bags, gives them into the store's care, and asks until every copy is durable by the store's policy. */
@Injectable()
export class WatchIngest implements Stage {
  readonly name = 'ingest';
  readonly takes = 'verified';

  constructor(@Inject(STORES) private readonly stores: Stores, @Inject(Register) private readonly register: Register) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    const store = this.stores.get(claim.store);
    const paths = claim.files.map(copyPath);
    await store.seal(claim.bag, paths, await describeBag(claim, this.register), work);
    const answers = await store.stat(claim.bag, paths);
    step('seal:5-durable');
    return judge(claim, answers);
  }
}

function judge(claim: Claim, answers: readonly (CopyStatus | undefined)[]): StageResult {
  const moves = claim.files.flatMap((file, index) => {
    const status = answers[index];
    if (!status) return [stuck(file, { code: 'COPY_MISSING', message: 'the store does not have the copy that was proven' })];
    if (status.version !== file.copyVersion) return [stuck(file, { code: 'COPY_CHANGED', message: 'the copy is not the one that was proven' })];
    return status.durable === 'yes' ? [moved(file, 'store', 'durable')] : [];
  });
  if (moves.length === claim.files.length) return { moves, sealed: true };
  const states = [...new Set(answers.map((status) => status?.replicationState))].join(', ');
  return { moves, sealed: true, wait: new NotYet('NOT_DURABLE_YET', `store ${claim.store} does not call bag ${claim.bag} durable yet (${states})`) };
}
