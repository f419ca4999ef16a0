/**
 * Items to report, up to as many as a person reads; the rest are only counted, so that a list of millions needs no
 * memory.
 */
export class Listing<T> {
  private total = 0;
  private readonly kept: T[] = [];

  constructor(private readonly limit = 1000) {}

  add(item: T): void {
    this.total += 1;
    if (this.kept.length < this.limit) this.kept.push(item);
  }

  get count(): number {
    return this.total;
  }

  get shown(): readonly T[] {
    return this.kept;
  }

  /** As a part of a document in JSON. */
  document(): { readonly count: number; readonly listed: readonly T[] } {
    return { count: this.total, listed: this.kept };
  }
}
