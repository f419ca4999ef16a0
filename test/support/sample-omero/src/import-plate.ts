import { importFileset, type Imported } from './import-fileset';
import type { OmeroServer, SampleUser } from './server';

const COLUMNS = 20;

/**
 * A screen with one plate: one fileset of an index and a file for each well, each well with one image, in no dataset.
 */
export async function importPlate(
  server: OmeroServer,
  owner: SampleUser,
  wells: number,
  fileSize: number,
): Promise<Imported> {
  const wellName = (index: number): string =>
    `${String.fromCharCode(65 + Math.floor(index / COLUMNS))}${String((index % COLUMNS) + 1).padStart(2, '0')}`;
  const imported = await importFileset(server, {
    owner,
    images: wells,
    files: [
      { name: 'plate.HTD', content: Buffer.from(`"HTSInfoFile", Version 1.0\n"Wells", ${wells}\n`) },
      ...Array.from({ length: wells }, (_, index) => ({
        name: `TimePoint_1/plate_${wellName(index)}_s1.TIF`,
        size: fileSize,
      })),
    ],
  });
  const event = await server.event(owner, 'Import');
  const details = server.details(owner, event);
  const [screen, plate, run] = [
    await server.rows.id('screen'),
    await server.rows.id('plate'),
    await server.rows.id('plateacquisition'),
  ];
  server.rows.add('screen', { ...details, id: screen, name: 'Compound screen' });
  server.rows.add('plate', {
    ...details,
    id: plate,
    name: 'Plate 1',
    columns: COLUMNS,
    rows: Math.ceil(wells / COLUMNS),
  });
  server.rows.add('screenplatelink', {
    ...details,
    id: await server.rows.id('screenplatelink'),
    parent: screen,
    child: plate,
  });
  server.rows.add('plateacquisition', { ...details, id: run, name: 'Run 1', plate });
  for (const [index, image] of imported.imageIds.entries()) {
    const well = await server.rows.id('well');
    server.rows.add('well', { ...details, id: well, plate, column: index % COLUMNS, row: Math.floor(index / COLUMNS) });
    server.rows.add('wellsample', {
      ...details,
      id: await server.rows.id('wellsample'),
      image,
      well,
      well_index: 0,
      plateacquisition: run,
    });
  }
  return imported;
}
