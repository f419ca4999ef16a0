import type { ColdroomError } from '@coldroom/domain';
import {
  Claim,
  EndOfBatch,
  displayPath,
  failureOf,
  readingFailed,
  type Bounds,
  type Trees,
  type WireOutcome,
} from '@coldroom/files';
import { inParallel } from '../in-parallel';
import type { Bucket } from './bucket';
import type { Connection } from './connection';
import { S3Failure, objectFailed } from './failures';

/** What a thread works with on one batch. */
export interface BatchTools {
  readonly bucket: Bucket;
  readonly connection: Connection;
  readonly budget: Budget;
  readonly claim: BatchClaim;
  readonly trees: Trees;
}

/** The claim of a batch whose items run in parallel: what ends it for one ends it for all. */
export class BatchClaim extends Claim {
  private ended: EndOfBatch | undefined;

  constructor({ deadline, progress }: Bounds) {
    super(deadline, progress);
  }

  override check(): void {
    if (this.ended) throw this.ended;
    super.check();
  }

  /** Whether the claim itself is still valid, for the cleanup after a batch that has ended. */
  checkStillHeld(): void {
    super.check();
  }

  /** One outcome for each item, in the order given; an error that does not concern one file fails all. */
  async outcomes<T extends { readonly path: Buffer }, R>(
    items: readonly T[],
    limit: number,
    act: (item: T) => Promise<R>,
  ): Promise<WireOutcome<R>[]> {
    return inParallel(items, limit, async (item): Promise<WireOutcome<R>> => {
      try {
        this.check();
        return { ok: await act(item) };
      } catch (error) {
        if (error instanceof EndOfBatch) this.ended ??= error;
        return { failed: failureOf(ofOneFile(error, item.path)) };
      }
    });
  }
}

function ofOneFile(error: unknown, path: Buffer): ColdroomError {
  return error instanceof S3Failure ? objectFailed(error, displayPath(path)) : readingFailed(error, path);
}

/** Memory for content in transit, shared by all of a thread: a caller that needs more than is left waits. */
export class Budget {
  private readonly waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  /**
   * Buffers of parts for reuse: left to the garbage collector, they would grow to several times the limit before it
   * runs.
   */
  private spare: Buffer[] = [];
  private taken = 0;

  constructor(
    private readonly limit: number,
    private readonly spares: number,
  ) {}

  /** Runs `act` while this many bytes are reserved; a single caller may reserve more than the limit. */
  async with<T>(bytes: number, act: () => Promise<T>): Promise<T> {
    await new Promise<void>((go) => {
      this.waiting.push({ bytes, go });
      this.serve();
    });
    try {
      return await act();
    } finally {
      this.taken -= bytes;
      this.serve();
    }
  }

  /**
   * As `with`, and lends a buffer of that length; failed work may still use its buffer, which is then not lent again.
   */
  withBuffer<T>(length: number, act: (buffer: Buffer) => Promise<T>): Promise<T> {
    return this.with(length, async () => {
      const at = this.spare.findIndex((each) => each.length >= length);
      const buffer = this.spare.splice(at, at === -1 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(length);
      const result = await act(buffer.subarray(0, length));
      if (this.spare.length < this.spares) this.spare.push(buffer);
      return result;
    });
  }

  /** Frees the memory of buffers that are not lent. */
  forgetSpares(): void {
    this.spare = [];
  }

  private serve(): void {
    for (
      let next = this.waiting[0];
      next && (this.taken === 0 || this.taken + next.bytes <= this.limit);
      next = this.waiting[0]
    ) {
      this.waiting.shift();
      this.taken += next.bytes;
      next.go();
    }
  }
}
