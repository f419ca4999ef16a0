import type { IgnoredMark } from '@coldroom/omero';

const shown = 100;

/** Marks that are reported and left as they are. */
export class IgnoredMarks {
  ignoredCount = 0;
  /** The first of them. */
  readonly ignored: { readonly code: string; readonly reason: string; readonly imageId: string }[] = [];

  add({ ignored: code, reason, imageId }: IgnoredMark): void {
    this.ignoredCount += 1;
    if (this.ignored.length < shown) this.ignored.push({ code, reason, imageId: imageId.toString() });
  }
}
