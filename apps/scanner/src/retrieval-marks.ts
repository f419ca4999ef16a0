import { Injectable } from '@nestjs/common';
import { codeOf } from '@coldroom/domain';
import { OmeroDatabase, type Mark } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';

const batchSize = 500;
const shown = 100;

export interface RetrievalMarksReport {
  readonly marks: number;
  /** Files that are fetched, or put back from where they are held. */
  readonly files: number;
  readonly ignoredCount: number;
  /** The first of the marks that were ignored. */
  readonly ignored: readonly { readonly code: string; readonly reason: string; readonly imageId: string }[];
}

/**
 * Acts on FROM-ARCHIVE marks: requests images back for people who may do so. The marks are removed when the images are
 * back.
 */
@Injectable()
export class RetrievalMarks {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  async run(): Promise<RetrievalMarksReport> {
    const ignored: RetrievalMarksReport['ignored'][number][] = [];
    let [marks, files, ignoredCount] = [0, 0, 0];
    for await (const some of batches(this.omero.marks('FROM-ARCHIVE'), batchSize)) {
      marks += some.length;
      const heeded = new Map<bigint, Mark>();
      for (const mark of some) {
        if (mark.ignored === null) heeded.set(mark.imageId, mark);
        else if (++ignoredCount <= shown)
          ignored.push({ code: mark.ignored, reason: mark.reason, imageId: mark.imageId.toString() });
      }
      const away = (await this.register.retrievals.archivedAmong([...heeded.keys()])).map(
        (imageId) => heeded.get(imageId) as Mark,
      );
      for (const [by, theirs] of Map.groupBy(away, ({ requester }) => requester.name))
        files += await this.ask(
          theirs.map(({ imageId }) => imageId),
          by,
        );
    }
    return { marks, files, ignoredCount, ignored };
  }

  /**
   * All that one person marked is requested at once, as it is reported at once; where a worker holds one of the bags,
   * image by image.
   */
  private async ask(imageIds: readonly bigint[], by: string): Promise<number> {
    try {
      const { asked, undoing } = await this.register.retrievals.ask(
        { kind: 'Image', ids: imageIds },
        { way: 'restore', days: 0 },
        by,
      );
      if (asked + undoing > 0)
        this.log.info('requested back', { images: imageIds.length, by, files: asked, held: undoing });
      return asked + undoing;
    } catch (error) {
      if (codeOf(error) !== 'BAG_BUSY') throw error;
      if (imageIds.length > 1) {
        let files = 0;
        for (const imageId of imageIds) files += await this.ask([imageId], by);
        return files;
      }
      this.log.info('requested back later', {
        image: imageIds[0],
        reason: 'a worker holds its bag',
        next: 'it will be requested at the next scan',
      });
      return 0;
    }
  }
}
