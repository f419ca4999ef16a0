import type { CheckedCopy, CopyResult } from '@coldroom/register';
import type { CopyVerdict } from '@coldroom/stores';
import { counted, formatBytes, formatCount, formatDuration } from '@coldroom/terminal';
import { Listing } from '../listing';

interface Shown {
  readonly file: bigint;
  readonly request: bigint;
  readonly fileset: string;
  readonly path: string;
  readonly store: string;
  readonly bag: string;
  readonly code: string;
  readonly reason: string;
}

/** How far a verification has got, and what it found. */
export class Verification {
  readonly good = { files: 0, bytes: 0n };
  readonly offline = { files: 0, bytes: 0n };
  attested = 0;
  proven = 0;
  private badBytes = 0n;
  readonly bad = new Listing<Shown & { readonly remedy: string }>();
  readonly unread = new Listing<Shown>();
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

  progress(): string {
    const files = this.good.files + this.bad.count + this.unread.count + this.offline.files;
    const read = this.good.bytes + this.badBytes;
    const ms = performance.now() - this.started;
    const rate = (Number(read) * 1000) / ms;
    const left =
      rate > 0 && this.total.bytes > read + this.offline.bytes
        ? `, about ${formatDuration((Number(this.total.bytes - read - this.offline.bytes) / rate) * 1000)} left`
        : '';
    return `${formatCount(files)} of ${counted(this.total.files, 'copy').replace(/copys$/, 'copies')} read, ${formatBytes(read)}, ${formatBytes(rate)}/s${left}; bad: ${formatCount(this.bad.count)}`;
  }

  document(): Readonly<Record<string, unknown>> {
    return {
      good: this.good,
      proven: this.proven,
      attested: this.attested,
      offline: this.offline,
      bad: { count: this.bad.count, listed: this.bad.shown },
      unread: { count: this.unread.count, listed: this.unread.shown },
    };
  }

  lines(): readonly string[] {
    if (this.good.files + this.offline.files + this.bad.count + this.unread.count === 0)
      return ['There was nothing to read: no archived copy is meant by this.'];
    return [
      `As they were recorded: ${counted(this.good.files, 'file')}, ${formatBytes(this.good.bytes)}${this.proven > 0 ? `; proven anew by this: ${formatCount(this.proven)}` : ''}${this.attested > 0 ? `; by the store's own digest, unread: ${formatCount(this.attested)}` : ''}`,
      ...(this.offline.files > 0
        ? [`Not near, so not read: ${counted(this.offline.files, 'file')}, ${formatBytes(this.offline.bytes)}`]
        : []),
      ...(this.unread.count > 0
        ? [
            '',
            `Could not be read, which proves nothing: ${counted(this.unread.count, 'file')}`,
            ...this.unread.lines((one) => `File:${one.file} ${one.path}: ${one.code}: ${one.reason}`),
          ]
        : []),
      ...(this.bad.count > 0
        ? [
            '',
            `NOT RIGHT: ${counted(this.bad.count, 'file')}; nothing was changed`,
            ...this.bad
              .lines(
                (one) =>
                  `File:${one.file} ${one.path} (${one.fileset}, bag ${one.bag}): ${one.code}: ${one.reason}\n    next: ${one.remedy}`,
              )
              .flatMap((line) => line.split('\n')),
          ]
        : []),
    ];
  }
}
