import type { BioFormats } from './find-version';
import type { FilesetOpening } from './openings';
import { compareVersions } from './versions';

/**
 * Filesets that some versions of Bio-Formats cannot open once their files are links: OMERO then refuses their images.
 */
export interface LinkTrouble {
  /** The first and the last affected version. */
  readonly from: string;
  readonly to: string;
  readonly filesets: string;
  readonly hits: (fileset: FilesetOpening) => boolean;
  readonly source: string;
  readonly fixedIn: string;
}

/**
 * Known issues, one line each. OMERO.server 5.6.4 to 5.6.7 has Bio-Formats 6.9.1 to 6.12.0. Names do not show whether a
 * set of TIFFs keeps its metadata in one of them: each OME-TIFF set of several files therefore counts.
 */
// prettier-ignore
export const linkTroubles: readonly LinkTrouble[] = [
  { from: '6.7.0', to: '6.12.0', filesets: 'an OME-TIFF set with a companion file, opened by one of its TIFFs', hits: besideCompanion, source: 'ome/bioformats issue 3853', fixedIn: 'OMERO.server 5.6.8' },
  { from: '6.7.0', to: '6.12.0', filesets: 'an OME-TIFF set whose metadata may be in another of its files', hits: amongTiffs, source: 'ome/bioformats issue 3853', fixedIn: 'OMERO.server 5.6.8' },
];

/** The issues that a fileset has with some version, whether OMERO uses that version or not. */
export function troublesOf(fileset: FilesetOpening, troubles = linkTroubles): readonly LinkTrouble[] {
  return troubles.filter(({ hits }) => hits(fileset));
}

/** Whether this version has the issue; a version that is not known is assumed to have every issue. */
export function isAffected({ version }: BioFormats, { from, to }: LinkTrouble): boolean {
  return version === null || (compareVersions(version, from) >= 0 && compareVersions(version, to) <= 0);
}

/** What an administrator must know about it, as one sentence without a full stop. */
export function describeTrouble(bioFormats: BioFormats, { from, to, filesets, source }: LinkTrouble): string {
  const which =
    bioFormats.version === null
      ? `the version of OMERO's Bio-Formats is not known (${bioFormats.reason}), and ${from} to ${to} cannot open this through links`
      : `OMERO's Bio-Formats ${bioFormats.version} cannot open this through links`;
  return `${which}: ${filesets} (${source})`;
}

/** What to do, as a phrase. */
export function wayOut(bioFormats: BioFormats, { fixedIn }: LinkTrouble): string {
  return bioFormats.version === null
    ? `set OMERO_BIOFORMATS_VERSION to the version that OMERO.server has; ${fixedIn} and later are right`
    : `upgrade to ${fixedIn} or later; if OMERO.server has another version already, set OMERO_BIOFORMATS_VERSION`;
}

function besideCompanion({ companions, openedBy }: FilesetOpening): boolean {
  return companions > 0 && openedBy.some((name) => !/\.companion\.ome$/i.test(name));
}

function amongTiffs({ files, companions, openedBy, formats }: FilesetOpening): boolean {
  const isOmeTiff = formats.includes('OMETiff') || openedBy.some((name) => /\.ome\.(tiff?|tf2|tf8|btf)$/i.test(name));
  return files > 1 && companions === 0 && isOmeTiff;
}
