import { Injectable } from '@nestjs/common';
import { defer, distinctUntilChanged, exhaustMap, finalize, map, share, timer, type Observable } from 'rxjs';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const pollMs = 2000;

/** See `Reports.versions`: while it is the same, a page shows the truth. */
export type Version = bigint;

/** One query every two seconds answers everyone who watches; none is sent while no one does. */
@Injectable()
export class Changes {
  private readonly watched = new Map<bigint | undefined, number>();
  private latest: ReadonlyMap<bigint | undefined, Version> = new Map();
  private readonly readings = timer(0, pollMs).pipe(
    exhaustMap(() => this.read()),
    share(),
  );

  constructor(
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  async version(requestId?: bigint): Promise<Version> {
    return (await this.register.reports.versions([requestId])).get(requestId) ?? 0n;
  }

  /** The present version, and each one that follows. Goes on when the register cannot be reached for a while. */
  of(requestId?: bigint): Observable<Version> {
    return defer(() => {
      this.watched.set(requestId, (this.watched.get(requestId) ?? 0) + 1);
      return this.readings.pipe(
        map((versions) => versions.get(requestId)),
        distinctUntilChanged(),
        map((version) => version ?? 0n),
        finalize(() => this.leave(requestId)),
      );
    });
  }

  private leave(requestId: bigint | undefined): void {
    const left = (this.watched.get(requestId) ?? 1) - 1;
    if (left > 0) this.watched.set(requestId, left);
    else this.watched.delete(requestId);
  }

  private async read(): Promise<ReadonlyMap<bigint | undefined, Version>> {
    try {
      this.latest = await this.register.reports.versions([...this.watched.keys()]);
    } catch (error) {
      this.log.warn('live pages wait', { code: codeOf(error), reason: messageOf(error) });
    }
    return this.latest;
  }
}
