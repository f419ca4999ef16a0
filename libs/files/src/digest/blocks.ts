/**
 * Cuts a stream of chunks of any size into blocks of one size: a hash sees the same blocks however the stream was cut.
 */
export class Blocks {
  private readonly moveCopy: Uint8Array;
  private readonly carryView: DataView;
  private carried = 0;
  /** Bytes seen so far. */
  length = 0;

  /** `whole` receives a view and a range of it that is a multiple of `size` long. */
  constructor(
    private readonly size: number,
    private readonly whole: (view: DataView, start: number, end: number) => void,
  ) {
    this.moveCopy = new Uint8Array(size);
    this.carryView = new DataView(this.moveCopy.buffer);
  }

  update(chunk: Uint8Array): void {
    this.length += chunk.length;
    let start = 0;
    if (this.carried > 0) {
      start = Math.min(this.size - this.carried, chunk.length);
      this.moveCopy.set(chunk.subarray(0, start), this.carried);
      this.carried += start;
      if (this.carried < this.size) return;
      this.whole(this.carryView, 0, this.size);
      this.carried = 0;
    }
    const end = chunk.length - ((chunk.length - start) % this.size);
    if (end > start) this.whole(new DataView(chunk.buffer, chunk.byteOffset, chunk.length), start, end);
    this.moveCopy.set(chunk.subarray(end));
    this.carried = chunk.length - end;
  }

  /** The remainder: fewer bytes than a block, followed by zeros. */
  rest(): { readonly view: DataView; readonly length: number } {
    this.moveCopy.fill(0, this.carried);
    return { view: this.carryView, length: this.carried };
  }
}
