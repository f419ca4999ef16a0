import type { PolicyDatabase } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const imagesAtOnce = 1000;

/** Takes marks KEEP as objections to proposals, and ends the time in which owners can object. */
export class Objections {
  constructor(
    private readonly omero: PolicyDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  /** First what is kept, then the end: a mark that was set in time always counts. */
  async run(by: string): Promise<void> {
    for (const { requestId } of await this.register.proposals.open()) await this.dropKept(requestId, by);
    const over = await this.register.proposals.endObjections(by);
    if (over > 0) this.log.info('objections over', { requests: over });
  }

  private async dropKept(requestId: bigint, by: string): Promise<void> {
    const kept = new Set<string>();
    for (let after = -1n; ;) {
      const images = await this.register.proposals.images(requestId, after, imagesAtOnce);
      const marked = await this.omero.keptAmong(images.map(({ imageId }) => imageId));
      for (const { imageId, fileset } of images) if (marked.has(imageId)) kept.add(fileset);
      if (images.length < imagesAtOnce) break;
      after = images.at(-1)?.imageId ?? after;
    }
    if (kept.size === 0) return;
    const reason = 'kept out of archiving by a mark in OMERO';
    await this.register.requests.decline(requestId, by, reason, { filesets: [...kept] });
    this.log.info('objected', { requestId, filesets: kept.size, reason });
  }
}
