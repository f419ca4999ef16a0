import {
  findBioFormats,
  isAffected,
  linkTroubles,
  wayOut,
  type BioFormats,
  type BioFormatsPlaces,
} from '@coldroom/omero';
import { formatTime } from '@coldroom/terminal';
import { ok, warning, type Finding } from './findings';

const about = 'Bio-Formats';
/** Less than the time limit of a check: a large cache must not look like a hung mount. */
const limits = { entries: 2_000_000, ms: 15_000 };

/**
 * Which version OMERO.server has, how it was determined, and whether images are kept out of the archive because of it.
 */
export async function examineBioFormats(places: BioFormatsPlaces): Promise<Finding> {
  const found = await findBioFormats(places, limits);
  const trouble = linkTroubles.find((one) => isAffected(found, one));
  if (!trouble) return ok(about, described(found));
  const filesets = [...new Set(linkTroubles.filter((one) => isAffected(found, one)).map((one) => one.filesets))];
  return warning(
    about,
    `${described(found)}; skipped at the scan (LINKS_NOT_OPENED): ${filesets.join('; ')}`,
    wayOut(found, trouble),
  );
}

function described(found: BioFormats): string {
  if (found.version === null) return `the version of OMERO's Bio-Formats is not known (${found.reason})`;
  return found.from === 'setting'
    ? `OMERO has version ${found.version}, as OMERO_BIOFORMATS_VERSION says`
    : `OMERO has version ${found.version}, as the newest memo file says (${found.path}, ${formatTime(found.writtenAt)})`;
}
