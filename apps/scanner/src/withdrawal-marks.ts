import { Injectable } from '@nestjs/common';
import { codeOf } from '@coldroom/domain';
import { OmeroDatabase, type Mark } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';
import { IgnoredMarks } from './ignored-marks';
import { Mirror } from './mirror';

const batchSize = 500;

export interface WithdrawalMarksReport {
  readonly images: number;
  readonly ignoredCount: number;
  readonly ignored: IgnoredMarks['ignored'];
}

/**
 * Acts on WITHDRAW marks: withdraws what is not approved yet, as whole filesets. The mark is removed in any case, as its
 * answer is what the image shows afterwards.
 */
@Injectable()
export class WithdrawalMarks {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly mirror: Mirror,
    private readonly log: Log,
  ) {}

  /** Runs before requests are made: a mark that is withdrawn must not become one. */
  async run(): Promise<WithdrawalMarksReport> {
    let images = 0;
    const ignored = new IgnoredMarks();
    for await (const some of batches(this.omero.marks('WITHDRAW'), batchSize)) {
      const valid = new Map<bigint, Mark>();
      for (const mark of some)
        if (mark.ignored === null) valid.set(mark.imageId, mark);
        else ignored.add(mark);
      const requests = await this.register.requests.requestsOf([...valid.keys()]);
      const [open, none] = [[...valid.values()], [...valid.keys()].filter((id) => !requests.has(id))];
      // Not requested yet, or withdrawn before the mark could be removed.
      if (none.length > 0) await this.omero.dropMarks(none, ['TO-ARCHIVE', 'ARCHIVE NOTE', 'WITHDRAW']);
      for (const [requestId, theirs] of Map.groupBy(open, ({ imageId }) => requests.get(imageId)))
        if (requestId !== undefined) await this.withdraw(requestId, theirs);
      images += valid.size;
    }
    // An image whose request was withdrawn before its mark was replaced still has it, and must not be requested again.
    if (images > 0) while ((await this.mirror.run()) > 0);
    return { images, ignoredCount: ignored.ignoredCount, ignored: ignored.ignored };
  }

  private async withdraw(requestId: bigint, marks: readonly Mark[]): Promise<void> {
    const ids = marks.map(({ imageId }) => imageId);
    const by = (marks[0] as Mark).requester.name;
    try {
      await this.register.requests.withdrawImages(requestId, ids, by);
      this.log.info('request withdrawn', { requestId, images: ids.length, by });
    } catch (error) {
      if (codeOf(error) !== 'REQUEST_DECIDED') throw error;
      this.log.info('too late to withdraw', { requestId, images: ids.length, by, reason: 'it is decided already' });
    }
    await this.omero.dropMarks(ids, ['WITHDRAW']);
  }
}
