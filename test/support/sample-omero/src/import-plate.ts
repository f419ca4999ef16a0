import { importFileset, type Imported } from './import-fileset';
import type { Row } from './rows';
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
  const screen = await server.rows.id('screen');
  server.rows.add('screen', { ...server.details(owner, event), id: screen, name: 'Compound screen' });
  const samples = imported.imageIds.map((image, index) => ({
    image,
    column: index % COLUMNS,
    row: Math.floor(index / COLUMNS),
  }));
  await plateRows(server, server.details(owner, event), { name: 'Plate 1', screen, samples });
  return imported;
}

interface NewPlate {
  readonly name: string;
  /** Undefined for a plate in no screen. */
  readonly screen: number | undefined;
  /** Fields of a well in their order. Rows and columns count from 0. */
  readonly samples: ReadonlyArray<{ readonly image: number; readonly row: number; readonly column: number }>;
}

/** A plate with its run, its wells and their samples. Returns its id. */
export async function plateRows(server: OmeroServer, details: Row, plan: NewPlate): Promise<number> {
  const [plate, run] = [await server.rows.id('plate'), await server.rows.id('plateacquisition')];
  server.rows.add('plate', {
    ...details,
    id: plate,
    name: plan.name,
    columns: Math.max(...plan.samples.map(({ column }) => column)) + 1,
    rows: Math.max(...plan.samples.map(({ row }) => row)) + 1,
  });
  if (plan.screen !== undefined) {
    const id = await server.rows.id('screenplatelink');
    server.rows.add('screenplatelink', { ...details, id, parent: plan.screen, child: plate });
  }
  server.rows.add('plateacquisition', { ...details, id: run, name: 'Run 1', plate });
  const wells = new Map<string, { readonly id: number; samples: number }>();
  for (const { image, row, column } of plan.samples) {
    const known = wells.get(`${row}/${column}`);
    const well = known ?? { id: await server.rows.id('well'), samples: 0 };
    if (!known) {
      wells.set(`${row}/${column}`, well);
      server.rows.add('well', { ...details, id: well.id, plate, column, row });
    }
    server.rows.add('wellsample', {
      ...details,
      id: await server.rows.id('wellsample'),
      image,
      well: well.id,
      well_index: well.samples,
      plateacquisition: run,
    });
    well.samples += 1;
  }
  return plate;
}
