import type { CheckedCopy, CopyResult } from '@coldroom/register';
import type { CopyVerdict } from '@coldroom/stores';
import { Listing } from '../listing';

export interface CheckedFile {
  readonly file: bigint;
  readonly request: bigint;
  readonly fileset: string;
  readonly path: string;
  readonly store: string;
  readonly bag: string;
  readonly code: string;
  readonly reason: string;
}

export interface VerificationProgress {
  readonly files: number;
  readonly ofFiles: number;
  readonly readBytes: bigint;
  readonly bytesPerSecond: number;
  /** Undefined if nothing was read yet or nothing is left. */
  readonly leftMs: number | undefined;
  readonly bad: number;
}

/** How far a verification has got, and what it found. */
export class Verification {
  readonly good = { files: 0, bytes: 0n };
  readonly offline = { files: 0, bytes: 0n };
  attested = 0;
  proven = 0;
  private badBytes = 0n;
  readonly bad = new Listing<CheckedFile & { readonly remedy: string }>();
  readonly unread = new Listing<CheckedFile>();
  private readonly started = performance.now();

  constructor(private readonly total: { readonly files: number; readonly bytes: bigint }) {}

  count({ size }: CheckedCopy, verdict: CopyVerdict, fault: CopyResult['fault']): void {
    if (verdict.kind === 'offline') {
      this.offline.files += 1;
      this.offline.bytes += size;
    } else if (fault) this.badBytes += size;
    else if (verdict.kind !== 'unread') {
      this.good.files += 1;
      this.good.bytes += size;
      if (verdict.kind === 'good' && verdict.read === 'attested') this.attested += 1;
      if (verdict.kind === 'bad' || verdict.proof) this.proven += 1;
    }
  }

  get isWhole(): boolean {
    return this.bad.count + this.unread.count === 0;
  }

  /** All copies that were considered, whether they could be read or not. */
  get files(): number {
    return this.good.files + this.bad.count + this.unread.count + this.offline.files;
  }

  progress(): VerificationProgress {
    const readBytes = this.good.bytes + this.badBytes;
    const bytesPerSecond = (Number(readBytes) * 1000) / (performance.now() - this.started);
    const leftBytes = this.total.bytes - readBytes - this.offline.bytes;
    return {
      files: this.files,
      ofFiles: this.total.files,
      readBytes,
      bytesPerSecond,
      leftMs: bytesPerSecond > 0 && leftBytes > 0n ? (Number(leftBytes) / bytesPerSecond) * 1000 : undefined,
      bad: this.bad.count,
    };
  }

  document(): Readonly<Record<string, unknown>> {
    return {
      good: this.good,
      proven: this.proven,
      attested: this.attested,
      offline: this.offline,
      bad: this.bad.document(),
      unread: this.unread.document(),
    };
  }
}
