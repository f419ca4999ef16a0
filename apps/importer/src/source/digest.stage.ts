import { Injectable } from '@nestjs/common';
import { Refused } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { lockedPlace } from './imported-path';
import { SourcePlaces } from './places';
import { filesOf } from './rows';
import { sameFile } from './same-file';

const batchFiles = 64;
const algorithms = ['SHA-256', 'SHA1-160'] as const;

/** Reads the locked files: OMERO's files are compared with these digests. What was read before a crash is kept. */
@Injectable()
export class DigestStage implements ImportStage {
  readonly name = 'digest';
  readonly takes = ['listed'] as const;

  constructor(
    private readonly files: Files,
    private readonly register: Register,
    private readonly places: SourcePlaces,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const places = await this.places.of(claim.order);
    const { imports } = this.register;
    for await (const batch of filesOf(this.register, claim, batchFiles)) {
      work.check();
      const unread = batch.filter(({ digests }) => digests['SHA-256'] === undefined);
      const outcomes = await this.files.hash(
        unread.map((file) => ({ ...lockedPlace(places, claim.order, file), algorithms })),
        { direct: false },
        work,
      );
      const read = unread.map((file, at) => {
        const outcome = outcomes[at]!;
        if (!('ok' in outcome)) throw outcome.error;
        const { identity, digests } = outcome.ok;
        if (sameFile(identity, file.identity)) return { id: file.id, identity, digests };
        throw new Refused(
          'SOURCE_CHANGED',
          `"${file.display}" of ${claim.order.display} was changed since it was locked. Cancel the order, and order the set again once it is complete.`,
        );
      });
      await imports.looks.identities(claim, read); // first: a file counts as read by its digests
      await imports.files.hashed(claim, read);
    }
    await imports.advance(claim, { event: 'hash', to: 'hashed' });
  }
}
