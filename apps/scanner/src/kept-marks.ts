import { Injectable } from '@nestjs/common';
import { OmeroDatabase, valueOf } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';

const batchSize = 500;

export interface KeptMarksReport {
  /** Marks that keep an image out of archiving. */
  readonly marks: number;
  /** Images whose mark is gone since the last scan. */
  readonly lifted: number;
  readonly ignoredCount: number;
}

/** Records in the register which images people keep out of archiving, by their marks KEEP. */
@Injectable()
export class KeptMarks {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  /** Throws where OMERO cannot be read to the end: what is kept then stays kept, and no request is made. */
  async run(): Promise<KeptMarksReport> {
    const { kept } = this.register;
    let [marks, ignoredCount] = [0, 0];
    const round = await kept.beginRound();
    for await (const some of batches(this.omero.marks('KEEP'), batchSize)) {
      const valid = some.flatMap((mark) => (mark.ignored === null ? [mark] : []));
      marks += valid.length;
      ignoredCount += some.length - valid.length;
      await kept.seen(
        round,
        valid.map((mark) => ({
          imageId: mark.imageId,
          by: mark.requester.name,
          reason: valueOf(mark, 'Reason'),
          liftedBy: valueOf(mark, 'Lifted by'),
        })),
      );
    }
    const lifted = await kept.endRound(round);
    if (lifted > 0) this.log.info('no longer kept', { images: lifted });
    return { marks, lifted, ignoredCount };
  }
}
