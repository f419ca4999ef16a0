/** Calls `tooLong` once nothing was heard for `limitMs`. */
export class Silence {
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly limitMs: number,
    private readonly tooLong: () => void,
  ) {
    this.heard();
  }

  heard(): void {
    clearTimeout(this.timer);
    if (!this.ended) this.timer = setTimeout(this.tooLong, this.limitMs);
  }

  /** Does not count the time that `work` takes. */
  async except(work: () => Promise<void>): Promise<void> {
    clearTimeout(this.timer);
    await work();
    this.heard();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }
}
