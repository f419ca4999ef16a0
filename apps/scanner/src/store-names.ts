import { Inject, Injectable } from '@nestjs/common';
import { copyPath, type KnownNames } from '@coldroom/domain';
import type { ClosureFile } from '@coldroom/omero';
import { STORES } from '@coldroom/pipeline';
import { Register, type Skip } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

export type WhyNotKept = (file: Pick<ClosureFile, 'root' | 'path'>) => Skip | undefined;

/** Finds files whose names no store can hold, before anyone approves them. The scanner itself has no access to stores. */
@Injectable()
export class StoreNames {
  constructor(
    private readonly register: Register,
    @Inject(STORES) private readonly stores: Stores,
  ) {}

  /** By what the services last found. A file that only some stores can hold is not refused: an approval may name one. */
  async whyNotKept(): Promise<WhyNotKept> {
    const known = await this.known();
    return (file) => {
      const path = copyPath(file);
      const refused = this.stores.default.refusalOf(path, known);
      if (!refused || this.stores.all.some((store) => !store.refusalOf(path, known))) return undefined;
      return { code: refused.code, reason: refused.message };
    };
  }

  private async known(): Promise<KnownNames> {
    const { fileSystemLooks, storeHealth } = this.register;
    const looks = await fileSystemLooks.list();
    return {
      longest: new Map(
        looks.filter(({ use }) => use === 'store').map(({ look }) => [look.directory, look.longestName]),
      ),
      notKept: await storeHealth.namesNotKept(),
    };
  }
}
