import { Inject, Injectable } from '@nestjs/common';
import { codeOf } from '@coldroom/domain';
import { OmeroDatabase, type Mark } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';

const batchSize = 500;
const shown = 100;

export interface AskedBackReport {
  readonly marks: number;
  /** Files that are fetched, or put back from where they are held. */
  readonly files: number;
  readonly ignoredCount: number;
  /** The first of the marks that were not heeded. */
  readonly ignored: readonly { readonly code: string; readonly reason: string; readonly imageId: string }[];
}

/** Heeds FROM-ARCHIVE marks: asks images back for those who may. The marks go when the images are back. */
@Injectable()
export class AskedBack {
  constructor(@Inject(OmeroDatabase) private readonly omero: OmeroDatabase, @Inject(Register) private readonly register: Register, @Inject(Log) private readonly log: Log) {}

  async run(): Promise<AskedBackReport> {
    const ignored: AskedBackReport['ignored'][number][] = [];
    let [marks, files, ignoredCount] = [0, 0, 0];
    for await (const some of batches(this.omero.marks('FROM-ARCHIVE'), batchSize)) {
      marks += some.length;
      const heeded = new Map<bigint, Mark>();
      for (const mark of some) {
        if (mark.ignored === null) heeded.set(mark.imageId, mark);
        else if (++ignoredCount <= shown) ignored.push({ code: mark.ignored, reason: mark.reason, imageId: mark.imageId.toString() });
      }
      for (const imageId of await this.register.returns.archivedAmong([...heeded.keys()])) files += await this.ask(heeded.get(imageId) as Mark);
    }
    return { marks, files, ignoredCount, ignored };
  }

  private async ask({ imageId, requester }: Mark): Promise<number> {
    try {
      const { asked, undoing } = await this.register.returns.ask({ kind: 'Image', ids: [imageId] }, { way: 'restore', days: 0 }, requester.name);
      if (asked + undoing > 0) this.log.info('asked back', { image: imageId, by: requester.name, files: asked, held: undoing });
      return asked + undoing;
    } catch (error) {
      if (codeOf(error) !== 'BAG_BUSY') throw error;
      this.log.info('asked back later', { image: imageId, reason: 'a worker holds its bag', next: 'it is asked for with the next scan' });
      return 0;
    }
  }
}
