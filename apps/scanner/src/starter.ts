import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register, type Skip } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { STORES } from '@coldroom/pipeline';
import type { Stores } from '@coldroom/stores';
import { Closures, type LeftOut } from './closures';

/** How long a request that could not be started is left alone, in milliseconds. */
const pauseMs = 60_000;

/** Starts what people approved, after one more check in OMERO: exactly what was approved is archived. */
@Injectable()
export class Starter {
  private readonly later = new Map<bigint, number>();

  constructor(
    private readonly register: Register,
    private readonly closures: Closures,
    @Inject(STORES) private readonly stores: Stores,
    private readonly log: Log,
  ) {}

  /** A request that cannot be started does not block the others. */
  async run(by: string): Promise<void> {
    for (const requestId of await this.register.adoptions.notFilled()) await this.fill(requestId, by);
    for (const requestId of await this.register.requests.inState('Approved')) {
      if ((this.later.get(requestId) ?? 0) > Date.now()) continue;
      try {
        await this.start(requestId, by);
      } catch (error) {
        await this.postpone(requestId, { code: codeOf(error), reason: messageOf(error) }, by);
      }
    }
  }

  /** A request that was taken over from the older tool: people see what is left to do before they decide. */
  private async fill(requestId: bigint, by: string): Promise<void> {
    if ((this.later.get(requestId) ?? 0) > Date.now()) return;
    this.later.set(requestId, Date.now() + pauseMs);
    const marked = await this.register.requests.markedImages(requestId);
    await this.closures.judge(marked, requestId, (judged) => this.register.requests.refresh(requestId, judged, by));
    this.later.delete(requestId);
  }

  private async start(requestId: bigint, by: string): Promise<void> {
    const marked = await this.register.requests.markedImages(requestId);
    const { grown, leftOut, notOpened } = await this.closures.judge(marked, requestId, async (judged) => ({
      grown: await this.register.requests.refresh(requestId, judged, by),
      leftOut: judged.leftOut,
      notOpened: judged.notOpened,
    }));
    // Files that disappeared since the scan become stuck one by one, with their names.
    const against =
      leftOut.find(({ code }) => code !== 'NO_FILES') ?? (await this.takenButNotOpened(requestId, notOpened));
    if (grown > 0) this.log.warn('request grew', { requestId, grown, next: 'it has to be approved again' });
    else if (against) await this.postpone(requestId, against, by);
    else {
      const request = await this.register.requests.get(requestId);
      const store = request?.store ? this.stores.get(request.store) : this.stores.forGroup(request?.group ?? '');
      const bags = await this.register.requests.start(requestId, store.name, (nr) => bagName(requestId, nr), by);
      this.log.info('request started', { requestId, bags, store: store.name });
    }
  }

  /**
   * Why a fileset that the scan accepted must not be archived now: OMERO's version of Bio-Formats has changed since.
   */
  private async takenButNotOpened(requestId: bigint, notOpened: ReadonlyMap<string, Skip>): Promise<Skip | undefined> {
    for (const [fileset, { code, reason }] of notOpened) {
      const taken = await this.register.reports.files({ requestId, fileset, states: ['registered'], limit: 1 });
      if (taken.length > 0) return { code, reason: `${fileset}: ${reason}` };
    }
    return undefined;
  }

  private async postpone(
    requestId: bigint,
    why: Pick<LeftOut, 'reason'> & { readonly code: string },
    by: string,
  ): Promise<void> {
    this.later.set(requestId, Date.now() + pauseMs);
    await this.register.requests.notStarted(requestId, { code: why.code, reason: why.reason }, by);
    this.log.warn('request not started', { requestId, ...why, next: 'it will be checked again' });
  }
}

/** Bag names cannot be guessed, so nothing foreign waits under one. */
export function bagName(requestId: bigint, nr: number): string {
  return `request-${requestId}-bag-${nr}-${randomBytes(6).toString('hex')}`;
}
