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

  /** One line each, and the number of items not listed. */
  lines(line: (item: T) => string): readonly string[] {
    return [
      ...this.kept.map((item) => `  ${line(item)}`),
      ...(this.total > this.kept.length ? [`  and ${this.total - this.kept.length} more`] : []),
    ];
  }
}
