import { Inject, Injectable } from '@nestjs/common';
import { copyPath } from '@coldroom/domain';
import { STORES, transition, toTransitions, type Stage, type StageResult, type StageWork } from '@coldroom/pipeline';
import { Originals } from '@coldroom/trees';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Copies originals into their bag in the store. It proves nothing. */
@Injectable()
export class CopyStage implements Stage {
  readonly name = 'copy';
  readonly takes = 'hashed';

  constructor(
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    await this.originals.check(claim.files);
    const outcomes = await this.stores.get(claim.store).put(
      claim.bag,
      claim.files.map((file) => ({
        root: this.originals.directory(file.root),
        path: file.path,
        copyPath: copyPath(file),
        identity: file.identity,
      })),
      work,
    );
    return toTransitions(claim.files, outcomes, (file) => transition(file, 'copy', 'copied'));
  }
}
