import { Injectable } from '@nestjs/common';
import { imagesPerCall, OmeroDatabase, type Mark } from '@coldroom/omero';
import { Register, type NewNote } from '@coldroom/register';
import { Closures, type LeftOut } from './closures';

const shown = 100;
const marksBetweenReports = 1000;

export interface ScanReport {
  readonly marks: number;
  readonly requests: readonly {
    readonly id: string;
    readonly requester: string;
    readonly group: string;
    readonly markedImages: number;
  }[];
  /** Marked images that are already in a request. */
  readonly known: number;
  readonly ignoredCount: number;
  /** The first of the marks that were ignored. */
  readonly ignored: readonly { readonly code: string; readonly reason: string; readonly imageId: string }[];
  readonly leftOut: readonly LeftOut[];
}

interface Group {
  readonly first: Mark;
  readonly imageIds: bigint[];
}

/** Looks in OMERO for marked images and creates requests of them: one for each owner, group and requester. */
@Injectable()
export class Scan {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly closures: Closures,
  ) {}

  async run(by: string): Promise<ScanReport> {
    await this.omero.check();
    const groups = new Map<string, Group>();
    const ignored: ScanReport['ignored'][number][] = [];
    let [marks, ignoredCount] = [0, 0];
    const seen = new Set<bigint>();
    for await (const mark of this.omero.marks('TO-ARCHIVE')) {
      marks += 1;
      if (marks % marksBetweenReports === 0) await this.register.services.advanced(by);
      if (mark.ignored === null) {
        if (!seen.has(mark.imageId)) addTo(groups, mark);
        seen.add(mark.imageId);
      } else {
        ignoredCount += 1;
        if (ignored.length < shown)
          ignored.push({ code: mark.ignored, reason: mark.reason, imageId: mark.imageId.toString() });
      }
    }
    const requests: ScanReport['requests'][number][] = [];
    const leftOut: LeftOut[] = [];
    let known = 0;
    for (const group of groups.values()) {
      const inRequest = await this.register.requests.requestsOf(group.imageIds);
      const fresh = group.imageIds.filter((id) => !inRequest.has(id));
      known += group.imageIds.length - fresh.length;
      if (fresh.length === 0) continue;
      const made = await this.request({ ...group, imageIds: fresh }, by, leftOut);
      if (made !== undefined)
        requests.push({
          id: made.toString(),
          requester: group.first.requester.name,
          group: group.first.group.name,
          markedImages: fresh.length,
        });
    }
    return { marks, requests, known, ignoredCount, ignored, leftOut: leftOut.slice(0, shown) };
  }

  private async request({ first, imageIds }: Group, by: string, leftOut: LeftOut[]): Promise<bigint | undefined> {
    const notes = await this.notesOf(imageIds);
    return this.closures.judge(imageIds, null, async (judged) => {
      leftOut.push(...judged.leftOut);
      if (judged.taken === 0) return undefined;
      return this.register.requests.create(
        {
          ownerId: first.owner.id,
          owner: first.owner.name,
          groupId: first.group.id,
          group: first.group.name,
          requesterId: first.requester.id,
          requester: first.requester.name,
        },
        judged,
        by,
        notes,
      );
    });
  }

  /** What people wrote about these images, each note once. */
  private async notesOf(imageIds: readonly bigint[]): Promise<readonly NewNote[]> {
    const notes = new Map<bigint, NewNote & { readonly imageIds: bigint[] }>();
    for (let start = 0; start < imageIds.length; start += imagesPerCall) {
      const some = await this.omero.notes(imageIds.slice(start, start + imagesPerCall));
      for (const [imageId, { annotationId, by, expiry, description, reason }] of some) {
        const note = notes.get(annotationId) ?? { by, expiry, description, reason, imageIds: [] };
        note.imageIds.push(imageId);
        notes.set(annotationId, note);
      }
    }
    return [...notes.values()];
  }
}

function addTo(groups: Map<string, Group>, mark: Mark): void {
  const key = `${mark.owner.id} ${mark.group.id} ${mark.requester.id}`;
  const group = groups.get(key) ?? { first: mark, imageIds: [] };
  group.imageIds.push(mark.imageId);
  groups.set(key, group);
}
