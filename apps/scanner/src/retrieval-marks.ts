import { Injectable } from '@nestjs/common';
import { codeOf } from '@coldroom/domain';
import { OmeroDatabase, valueOf, type Mark } from '@coldroom/omero';
import { Register, type RetrievalOrder } from '@coldroom/register';
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
 * Acts on FROM-ARCHIVE and RECALL marks: requests images back for people who may do so. FROM-ARCHIVE is removed when the
 * images are back, RECALL at once.
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
    for (const name of ['FROM-ARCHIVE', 'RECALL'] as const)
      for await (const some of batches(this.omero.marks(name), batchSize)) {
        marks += some.length;
        const valid = new Map<bigint, Mark>();
        for (const mark of some) {
          if (mark.ignored === null) valid.set(mark.imageId, mark);
          else if (++ignoredCount <= shown)
            ignored.push({ code: mark.ignored, reason: mark.reason, imageId: mark.imageId.toString() });
        }
        files += await (name === 'RECALL' ? this.recall(valid) : this.restore(valid));
      }
    return { marks, files, ignoredCount, ignored };
  }

  private async restore(marks: ReadonlyMap<bigint, Mark>): Promise<number> {
    const away = await this.register.retrievals.archivedAmong([...marks.keys()]);
    let files = 0;
    for (const [by, theirs] of Map.groupBy(away, (imageId) => marks.get(imageId)?.requester.name as string))
      files += (await this.ask(theirs, { way: 'restore', days: 0 }, by)).files;
    return files;
  }

  /**
   * The image stays archived after a recall, so its mark is removed once it was acted on, and also where there is nothing to
   * recall: otherwise it would be recalled again when the time is over, or once it is archived.
   */
  private async recall(marks: ReadonlyMap<bigint, Mark>): Promise<number> {
    const away = new Set(await this.register.retrievals.archivedAmong([...marks.keys()]));
    const done = [...marks.keys()].filter((imageId) => !away.has(imageId));
    let files = 0;
    const order = (imageId: bigint): string => {
      const mark = marks.get(imageId) as Mark;
      return JSON.stringify([mark.requester.name, daysOf(valueOf(mark, 'Days'))]);
    };
    for (const [key, theirs] of Map.groupBy(away, order)) {
      const [by, days] = JSON.parse(key) as [string, number];
      const asked = await this.ask(theirs, { way: 'recall', days }, by);
      files += asked.files;
      done.push(...asked.taken);
    }
    if (done.length > 0) await this.omero.dropMarks(done, ['RECALL']);
    return files;
  }

  /**
   * All that one person marked is requested at once, as it is reported at once; where a worker holds one of the bags,
   * image by image.
   */
  private async ask(
    imageIds: readonly bigint[],
    order: RetrievalOrder,
    by: string,
  ): Promise<{ readonly files: number; readonly taken: readonly bigint[] }> {
    try {
      const { asked, undoing } = await this.register.retrievals.ask({ kind: 'Image', ids: imageIds }, order, by);
      if (asked + undoing > 0)
        this.log.info('requested back', { images: imageIds.length, by, way: order.way, files: asked, held: undoing });
      return { files: asked + undoing, taken: imageIds };
    } catch (error) {
      if (codeOf(error) !== 'BAG_BUSY') throw error;
      if (imageIds.length > 1) {
        const each = [];
        for (const imageId of imageIds) each.push(await this.ask([imageId], order, by));
        return {
          files: each.reduce((sum, one) => sum + one.files, 0),
          taken: each.flatMap(({ taken }) => taken),
        };
      }
      this.log.info('requested back later', {
        image: imageIds[0],
        reason: 'a worker holds its bag',
        next: 'it will be requested at the next scan',
      });
      return { files: 0, taken: [] };
    }
  }
}

const usualDays = 7;
const mostDays = 365;

/** Written by hand, it may be anything. */
function daysOf(text: string): number {
  return /^\d{1,4}$/.test(text) ? Math.min(Math.max(Number(text), 1), mostDays) : usualDays;
}
