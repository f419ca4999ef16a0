import { Injectable } from '@nestjs/common';
import { crashPoint } from '@coldroom/domain';
import { imagesPerCall, OmeroDatabase } from '@coldroom/omero';
import { Register, type MarkState, type PendingMark } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

/** Writes the register's states into OMERO, for people to see. OMERO follows and is never ahead. */
@Injectable()
export class Mirror {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  /** Returns how many images were written; 0 where OMERO already agrees with the register. */
  async run(): Promise<number> {
    const pending = await this.register.marks.pending(imagesPerCall);
    for (const [wanted, marks] of Map.groupBy(pending, (mark) => mark.wanted)) {
      const before = await this.write(wanted, marks);
      crashPoint('scan:2-marks-written');
      await this.register.marks.written(
        marks.map((mark) => ({
          requestId: mark.requestId,
          imageId: mark.imageId,
          written: wanted,
          ...(before.has(mark.imageId) ? { before: before.get(mark.imageId) ?? null } : {}),
        })),
      );
      crashPoint('scan:3-marks-recorded');
      this.log.info('marks written', { mark: wanted, images: marks.length });
    }
    return pending.length;
  }

  /** Returns the old `image.archived` of the images where we set it. */
  private async write(wanted: MarkState, marks: readonly PendingMark[]): Promise<ReadonlyMap<bigint, boolean | null>> {
    const images = marks.map((mark) => ({
      imageId: mark.imageId,
      groupId: mark.groupId,
      requester: { id: mark.requesterId, name: mark.requester },
    }));
    if (wanted === 'pending') {
      // An image that is pending again after it was archived is no longer archived.
      await this.clear(marks.filter((mark) => mark.written === 'archived'));
      await this.omero.setPending(images);
      return new Map();
    }
    if (wanted === 'none') {
      await this.clear(marks);
      return new Map();
    }
    const outcomes = await this.omero.setArchived(images);
    return new Map(
      outcomes.flatMap(({ imageId, archivedBefore }) =>
        archivedBefore === undefined ? [] : [[imageId, archivedBefore] as const],
      ),
    );
  }

  private async clear(marks: readonly PendingMark[]): Promise<void> {
    for (const [dropNote, group] of Map.groupBy(marks, (mark) => mark.dropNote)) {
      await this.omero.clear(group, {
        restoreArchived: new Map(
          group.filter((mark) => mark.written === 'archived').map((mark) => [mark.imageId, mark.archivedBefore]),
        ),
        dropNote,
      });
    }
  }
}
