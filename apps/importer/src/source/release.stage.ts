import { Injectable } from '@nestjs/common';
import { NotYet, Refused } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim } from '@coldroom/register';
import type { ImportStage } from '../stage';
import { takeAway } from './own-tree';
import { removeCopies } from './remove-copies';
import { SourcePlaces } from './places';

/** Takes the names of cancelled orders away (`register.imports.looks.toRelease`). Every file is at its source then. */
@Injectable()
export class ReleaseStage implements ImportStage {
  readonly name = 'release';
  readonly takes = ['cancelled'] as const;

  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    try {
      await this.release(claim, work);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // A cancelled order does not get stuck: its locks stay until the reason is removed.
      throw new NotYet('IMPORT_LOCKS_LEFT', error.message, { delayMs: 3_600_000, noDeadline: true });
    }
  }

  private async release(claim: ImportClaim, work: StageWork): Promise<void> {
    const { looks } = this.register.imports;
    const places = await this.places.of(claim.order);
    await removeCopies(this, claim, places, work);
    const { returned, kept, shown } = await takeAway(this.files, places.own('locks'), work);
    if (returned + kept > 0) await looks.note(claim, 'import files kept', { returned, kept, shown });
    await looks.released(claim);
  }
}
