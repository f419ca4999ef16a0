import { Injectable } from '@nestjs/common';
import { codeOf, crashPoint, messageOf } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { Register, type ImportToAnnotate } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const filesetsAtOnce = 500;

/** Writes the key-value pairs that orders name onto the images of proven imports, once. */
@Injectable()
export class ImportAnnotations {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  async run(by: string, stop: AbortSignal): Promise<void> {
    for (let after = 0n; !stop.aborted;) {
      const pending = await this.register.imports.annotations.pending(after);
      for (const order of pending) {
        if (stop.aborted) return;
        await this.annotate(order, by, stop);
      }
      const last = pending.at(-1);
      if (!last) return;
      after = last.id;
    }
  }

  /** One that fails is tried again in the next round, and keeps no other waiting. */
  private async annotate(order: ImportToAnnotate, by: string, stop: AbortSignal): Promise<void> {
    try {
      const images = await this.write(order, stop);
      if (images === undefined) return;
      await this.register.imports.annotations.written(order.id, images, by);
      this.log.info('images annotated', { import: order.id, images });
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('images not annotated', { import: order.id, code, reason, next: 'it will be retried' });
    }
  }

  /** How many images were annotated; undefined: stopped before the end. */
  private async write(
    { id, personId, groupId, pairs }: ImportToAnnotate,
    stop: AbortSignal,
  ): Promise<number | undefined> {
    const annotation = { description: `Coldroom import ${id}`, ownerId: personId, groupId, pairs };
    let images = 0;
    for (let fileset = 0; ;) {
      const filesets = await this.register.imports.filesets.of(id, fileset, filesetsAtOnce);
      const ids = filesets.flatMap(({ filesetId }) => (filesetId === null ? [] : [filesetId]));
      for (let image = 0n; ;) {
        if (stop.aborted) return undefined;
        const page = await this.omero.annotateImages(ids, annotation, image);
        if (!page) break;
        crashPoint('import-annotate:1-written');
        images += page.written;
        image = page.last;
      }
      const last = filesets.at(-1);
      if (!last) return images;
      fileset = last.number;
    }
  }
}
