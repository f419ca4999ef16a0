import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { STORES } from '@coldroom/pipeline';
import type { Stores } from '@coldroom/stores';
import { Closures } from './closures';

/** Starts what people approved, after one more look in OMERO: what was approved is what is archived. */
@Injectable()
export class Starter {
  constructor(
    @Inject(Register) private readonly register: Register, @Inject(Closures) private readonly closures: Closures,
    @Inject(STORES) private readonly stores: Stores, @Inject(Log) private readonly log: Log,
  ) {}

  async run(by: string): Promise<void> {
    for (const requestId of await this.register.requests.inState('Approved')) {
      const marked = await this.register.requests.markedImages(requestId);
      const grown = await this.closures.judge(marked, requestId, (judged) => this.register.requests.refresh(requestId, judged, by));
      if (grown > 0) {
        this.log.warn('request grew', { requestId, grown, next: 'it has to be approved anew' });
        continue;
      }
      const bags = await this.register.requests.start(requestId, this.stores.default.name, (nr) => bagName(requestId, nr), by);
      this.log.info('request started', { requestId, bags });
    }
  }
}

/** Bag names cannot be guessed, so nothing foreign waits under one. */
export function bagName(requestId: bigint, nr: number): string {
  return `request-${requestId}-bag-${nr}-${randomBytes(6).toString('hex')}`;
}
