import type { BioFormats } from './find-version';
import { describeTrouble, isAffected, linkTroubles, troublesOf, wayOut } from './link-troubles';
import type { FilesetOpening } from './openings';
import { compareVersions } from './versions';

const version = (text: string | null): BioFormats =>
  text === null ? { version: null, reason: 'no cache' } : { version: text, from: 'setting' };
const fileset = (files: number, companions: number, openedBy: readonly string[], formats = ['OMETiff']) =>
  ({ filesetId: 1n, files, companions, openedBy, formats }) satisfies FilesetOpening;

describe('the table of issues', () => {
  it.each(linkTroubles)('has what it requires: $filesets', ({ from, to, source, fixedIn }) => {
    expect(compareVersions(from, to)).toBeLessThanOrEqual(0);
    expect(source).toMatch(/ issue \d+$/);
    expect(fixedIn).toMatch(/^OMERO\.server \d/);
  });

  it.each<[boolean, string | null]>([
    [false, '5.9.2'],
    [false, '6.6.1'],
    [true, '6.7.0'],
    [true, '6.9.1'],
    [true, '6.10.0'],
    [true, '6.11.1'],
    [true, '6.12.0'],
    [true, '6.12.0-SNAPSHOT'],
    [true, '6.12'],
    [false, '6.12.1'],
    [false, '6.13.0'],
    [false, '6.14.0'],
    [false, '7.0.0'],
    [false, '8.5.0'],
    [false, '10.0.0'],
    [true, null],
  ])('companion files: %s for %s', (affected, text) => {
    for (const trouble of linkTroubles) expect(isAffected(version(text), trouble)).toBe(affected);
  });

  it.each<[boolean, string, FilesetOpening]>([
    [true, 'a companion set opened by a TIFF', fileset(5, 1, ['s_z0.ome.tif'])],
    [true, 'one with plain names', fileset(5, 1, ['s_z0.tif'], ['Tiff'])],
    [true, 'one that OMERO does not say how to open', fileset(5, 1, [''], [])],
    [true, 'one whose images are opened in two ways', fileset(5, 1, ['s.companion.ome', 's_z0.ome.tif'])],
    [false, 'a companion set opened by its companion', fileset(5, 1, ['s.companion.ome'])],
    [false, 'the same in capitals', fileset(5, 1, ['S.COMPANION.OME'])],
    [true, 'a set of OME-TIFFs', fileset(2, 0, ['s_z0.ome.tiff'], [])],
    [true, 'a set of big OME-TIFFs', fileset(2, 0, ['s_z0.OME.BTF'], [])],
    [true, 'a set with other names that was imported as OME-TIFF', fileset(2, 0, ['s_z0.tif'])],
    [false, 'a single OME-TIFF', fileset(1, 0, ['s.ome.tif'])],
    [false, 'a set of another format', fileset(900, 0, ['a.dv'], ['DV'])],
    [false, 'a set of plain TIFFs', fileset(900, 0, ['a.tif'], ['Tiff'])],
    [false, 'a fileset without images', fileset(5, 1, [], [])],
  ])('%s: %s', (hit, _what, opening) => expect(troublesOf(opening).length > 0).toBe(hit));

  it('reports the version, the filesets, and what to do', () => {
    const [companion] = linkTroubles as [(typeof linkTroubles)[number]];
    expect(describeTrouble(version('6.10.0'), companion)).toBe(
      "OMERO's Bio-Formats 6.10.0 cannot open this through links: an OME-TIFF set with a companion file, opened by one of its TIFFs (ome/bioformats issue 3853)",
    );
    expect(wayOut(version('6.10.0'), companion)).toMatch(
      /^upgrade to OMERO\.server 5\.6\.8 or later; .*OMERO_BIOFORMATS_VERSION$/,
    );
    expect(describeTrouble(version(null), companion)).toMatch(
      /is not known \(no cache\), and 6\.7\.0 to 6\.12\.0 cannot open/,
    );
    expect(wayOut(version(null), companion)).toMatch(/^set OMERO_BIOFORMATS_VERSION .*5\.6\.8 and later are right$/);
  });
});
