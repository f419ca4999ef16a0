import { Injectable } from '@nestjs/common';
import { OmeroDatabase, valueOf, type Mark } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';
import { IgnoredMarks } from './ignored-marks';

const batchSize = 500;

export interface KeptMarksReport {
  /** Marks that keep an image out of archiving. */
  readonly marks: number;
  /** Images whose mark is gone since the last scan. */
  readonly lifted: number;
  readonly ignoredCount: number;
  readonly ignored: IgnoredMarks['ignored'];
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
    let marks = 0;
    const ignored = new IgnoredMarks();
    const round = await kept.beginRound();
    for await (const some of batches(this.omero.marks('KEEP'), batchSize)) {
      const valid: Mark[] = [];
      for (const mark of some)
        if (mark.ignored === null) valid.push(mark);
        else ignored.add(mark);
      marks += valid.length;
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
    return { marks, lifted, ignoredCount: ignored.ignoredCount, ignored: ignored.ignored };
  }
}
