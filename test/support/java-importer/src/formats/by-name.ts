import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Look, Looked, Reading, Series } from './reading';

/** By the end of the name: the reader, and whether it is a plate. */
const readers: ReadonlyArray<readonly [string, string, boolean?]> = [
  ['.companion.ome', 'OMETiffReader'],
  ['.ome.tif', 'OMETiffReader'],
  ['.ome.tiff', 'OMETiffReader'],
  ['.tif', 'TiffReader'],
  ['.tiff', 'TiffReader'],
  ['.czi', 'ZeissCZIReader'],
  ['.lif', 'LIFReader'],
  ['.nd2', 'NativeND2Reader'],
  ['.dv', 'DeltavisionReader'],
  ['.ims', 'ImarisHDFReader'],
  ['.flex', 'FlexReader', true],
  ['.fake', 'FakeReader'],
];
const ONE: Series = { x: 64, y: 64, z: 1, c: 1, t: 1, pixelsType: 'uint8' };

/** Knows a few formats by names alone, for where there is no Bio-Formats. The bytes of a file are not looked at. */
export const lookByName: Look = (paths) => Promise.resolve(new Map(paths.map((path) => [path, lookAt(path)])));

function lookAt(path: string): Looked {
  const found = readers.find(([end]) => path.endsWith(end));
  if (!found) return 'unknown-format';
  const [end, reader, isPlate = false] = found;
  // A fake image is its name: its file is empty.
  if (end !== '.fake' && statSync(path).size === 0) return { broken: 'java.io.EOFException' };
  const reading = { files: filesOf(path, reader), reader: `loci.formats.in.${reader}` };
  if (end === '.fake') return { ...reading, ...fake(basename(path, '.fake')) };
  return { ...reading, isPlate, series: [isPlate ? { ...ONE, well: { row: 0, column: 0 } } : ONE] };
}

/** A companion file has `NAME_*.ome.tif` beside it; `NAME_1.ome.tif` belongs with all of other numbers. */
function filesOf(path: string, reader: string): string[] {
  if (reader !== 'OMETiffReader') return [path];
  const names = readdirSync(dirname(path)).sort();
  const name = basename(path);
  const stem = name.endsWith('.companion.ome') ? name.slice(0, -'.companion.ome'.length) : /^(.+)_/.exec(name)?.[1];
  if (stem === undefined) return [path];
  const companion = names.filter((each) => each === `${stem}.companion.ome`);
  const numbered = /^_\d+\.ome\.tiff?$/;
  const planes = names.filter(
    (each) =>
      each.startsWith(`${stem}_`) && (companion.length > 0 ? /\.ome\.tiff?$/ : numbered).test(each.slice(stem.length)),
  );
  const set = [...companion, ...planes];
  return set.includes(name) ? set.map((each) => join(dirname(path), each)) : [path];
}

/** `x&sizeZ=3&series=2` or `x&plates=1&plateRows=2&plateCols=3&fields=2`, as Bio-Formats' own test format has it. */
function fake(name: string): Pick<Reading, 'isPlate' | 'series'> {
  const values = new URLSearchParams(name.slice(name.indexOf('&') + 1));
  const number = (key: string, otherwise: number): number => Number(values.get(key) ?? otherwise);
  const one: Series = {
    x: number('sizeX', 512),
    y: number('sizeY', 512),
    z: number('sizeZ', 1),
    c: number('sizeC', 1),
    t: number('sizeT', 1),
    pixelsType: values.get('pixelType') ?? 'uint8',
  };
  const list = <T>(length: number, make: (index: number) => T): T[] =>
    Array.from({ length }, (_, index) => make(index));
  if (!values.has('plates') && !values.has('plateRows'))
    return { isPlate: false, series: list(number('series', 1), () => one) };
  const columns = number('plateCols', 1);
  const wells = list(number('plateRows', 1) * columns, (index) => ({
    row: Math.floor(index / columns),
    column: index % columns,
  }));
  const fields = number('fields', 1);
  return { isPlate: true, series: wells.flatMap((well) => list(fields, () => ({ ...one, well }))) };
}
