import { Inject, Injectable } from '@nestjs/common';
import { describeTrouble, isAffected, troublesOf, wayOut, type Closure, type LinkTrouble } from '@coldroom/omero';
import type { Skip } from '@coldroom/register';
import { ServersBioFormats } from './bio-formats';

/** Finds what OMERO could not open once its files are links. */
@Injectable()
export class LinkTroubles {
  constructor(@Inject(ServersBioFormats) private readonly bioFormats: ServersBioFormats) {}

  /** Why none of a component's files is accepted, by component. */
  async of({ openings }: Closure): Promise<ReadonlyMap<string, Skip>> {
    const skips = new Map<string, Skip>();
    for await (const opening of openings) {
      const possible = troublesOf(opening);
      if (possible.length === 0) continue;
      const skip = await this.skipFor(possible);
      if (skip) skips.set(opening.component, skip);
    }
    return skips;
  }

  private async skipFor(possible: readonly LinkTrouble[]): Promise<Skip | undefined> {
    const bioFormats = await this.bioFormats.get();
    const trouble = possible.find((one) => isAffected(bioFormats, one));
    if (!trouble) return undefined;
    return {
      code: 'LINKS_NOT_OPENED',
      reason: `${describeTrouble(bioFormats, trouble)}. ${wayOut(bioFormats, trouble)}`,
    };
  }
}
