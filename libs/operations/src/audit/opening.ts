import type { FileState } from '@coldroom/domain';
import {
  describeTrouble,
  findBioFormats,
  isAffected,
  linkTroubles,
  troublesOf,
  wayOut,
  type BioFormats,
  type LinkTrouble,
} from '@coldroom/omero';
import type { AuditedFile } from '@coldroom/register';
import type { Discrepancy } from './report';
import { omeroPart, type Scope } from './scope';

/** No retrieval is in progress, so OMERO opens a link. */
const behindLinks: readonly FileState[] = ['linked', 'released', 'recalled', 'moving', 'moveCopied', 'moveVerified'];

/** Archived filesets that OMERO's Bio-Formats cannot open through links; each is reported once. */
export class Openings {
  private readonly named = new Set<string>();
  private bioFormats: Promise<BioFormats> | undefined;

  constructor(private readonly scope: Scope) {}

  /** Findings by the file that they are reported with. Nothing is concluded if the version is unknown. */
  async findings(page: readonly AuditedFile[]): Promise<ReadonlyMap<bigint, Discrepancy>> {
    const { scope } = this;
    const found = new Map<bigint, Discrepancy>();
    this.bioFormats ??= findBioFormats({ setting: scope.places.bioFormatsVersion, dataDir: scope.places.dataDir });
    const bioFormats = await this.bioFormats;
    if (!linkTroubles.some((trouble) => isAffected(bioFormats, trouble))) return found;
    const files = page.filter((file) => behindLinks.includes(file.stand) && file.originalFileId !== null);
    if (files.length === 0) return found;
    const openings = await scope.look(omeroPart, () =>
      scope.places.omero.openingsOf(files.map((file) => file.originalFileId as bigint)),
    );
    for (const file of files) {
      const trouble = (openings?.get(file.originalFileId as bigint) ?? [])
        .flatMap((opening) => troublesOf(opening))
        .find((one) => isAffected(bioFormats, one));
      if (!trouble || this.named.has(file.fileset)) continue;
      this.named.add(file.fileset);
      if (bioFormats.version === null)
        scope.report.notLookedAt(
          'archived filesets that OMERO may not open through links',
          unknown(bioFormats, trouble),
          1,
        );
      else found.set(file.id, finding(file, bioFormats, trouble));
    }
    return found;
  }
}

function unknown(bioFormats: BioFormats, trouble: LinkTrouble): string {
  return `${describeTrouble(bioFormats, trouble)}; ${wayOut(bioFormats, trouble)}`;
}

function finding(file: AuditedFile, bioFormats: BioFormats, trouble: LinkTrouble): Discrepancy {
  return {
    code: 'LINKS_NOT_OPENED',
    object: file.fileset,
    bag: file.bag,
    expected: 'a fileset that OMERO opens through links',
    found: describeTrouble(bioFormats, trouble),
    remedy: `coldroom restore ${file.fileset}; or ${wayOut(bioFormats, trouble)}`,
  };
}
