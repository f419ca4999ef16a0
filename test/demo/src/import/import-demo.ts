import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ImportState } from '@coldroom/domain';
import type { ImportOrder, Register } from '@coldroom/register';
import { markImages, orderImportOn, type SampleReport } from '@coldroom/sample-omero';
import { formatCount } from '@coldroom/terminal';
import { scan, untilDone } from '../archive';
import type { Layout } from '../layout';
import { coldroom } from '../restore';
import type { Services } from '../services';
import type { ImportFacility } from './facility';
import { digestOf, leftIn, saveSet, type SavedSet } from './sets';

export interface ImportDemo {
  readonly layout: Layout;
  readonly omeroOwnerUrl: string;
  readonly report: SampleReport;
  readonly register: Register;
  readonly services: Services;
  readonly facility: ImportFacility;
  readonly say: (line?: string) => void;
}

const patienceMs = 180_000;

/**
 * The life of data from the microscope on: saved, ordered by command and by annotation, imported, proven, its source removed;
 * one order fails and is retried; one imported set is archived and restored. Returns the faults found.
 */
export async function importAndArchive(demo: ImportDemo): Promise<readonly string[]> {
  const { layout, facility, register, services, report, say, omeroOwnerUrl } = demo;
  const [anna, ben] = report.users.filter(({ role }) => role === 'user');
  if (!anna || !ben) throw new Error('the sample has too few users');
  await scan(register, services); // from then on the register knows OMERO's people
  say('\nAt the microscope');
  const first = await saveSet(facility.buffer, anna.omename, 'day 1', [
    'cell.tif',
    'deep/s_1.ome.tif',
    'deep/s_2.ome.tif',
  ]);
  const second = await saveSet(facility.buffer, ben.omename, 'ä "run"', ['plate/a.tif', 'plate/b.tif']);
  const third = await saveSet(facility.buffer, anna.omename, 'day 2', ['cell.tif']);
  const broken = join(third.path, 'broken.tif');
  await writeFile(broken, '');
  say(`  ${anna.omename} saved 2 sets, ${ben.omename} saved 1`);

  say('\nThe orders');
  for (const { path } of [first, third])
    await coldroom(
      layout,
      'import',
      path,
      '--target',
      'Dataset:name:Microscope',
      '--as',
      anna.omename,
      ...groupOf(demo, anna),
    );
  say(
    `  ${anna.omename} orders by command: coldroom import ${JSON.stringify(first.path)} --target Dataset:name:Microscope`,
  );
  const dataset = await datasetOf(omeroOwnerUrl, ben.id);
  await orderImportOn(omeroOwnerUrl, { dataset, ownerId: ben.id, directory: second.path });
  await scan(register, services);
  say(`  ${ben.omename} orders by an annotation IMPORT on Dataset:${dataset}`);

  const stuck = await until(demo, third, ['stuck']);
  say(`  ${third.path} does not get in: ${stuck.reason}`);
  await rm(broken);
  await coldroom(layout, 'imports', 'retry', String(stuck.id));
  say('  the empty file is removed, and the order retried');
  const orders = [await until(demo, first), await until(demo, second), await until(demo, third)];

  say('\nThe imports');
  const faults: string[] = [];
  for (const [at, set] of [first, second, third].entries()) faults.push(...(await compare(demo, orders[at]!, set)));
  faults.push(...(await leftIn(facility.buffer)).map((path) => `${path} is still in the buffer`));
  say(
    `  ${formatCount(orders.length)} imports are in OMERO, each file with the SHA-256 that it had at the microscope; the buffer is empty`,
  );
  return [...faults, ...(await archiveAndRestore(demo, orders[0]!, first))];
}

const groupOf = ({ report }: ImportDemo, { groupId }: SampleReport['users'][number]): readonly string[] => [
  '--group',
  report.groups.find(({ id }) => id === groupId)!.name,
];

async function until(
  { register, facility, services }: ImportDemo,
  { path }: SavedSet,
  states: readonly ImportState[] = ['emptied'],
): Promise<ImportOrder> {
  for (const end = Date.now() + patienceMs; ; await sleep(300)) {
    facility.check();
    services.check();
    const order = (await register.imports.orders.list()).find(({ display }) => display === path);
    if (order && states.includes(order.state)) return order;
    if (Date.now() > end)
      throw new Error(
        `the import of ${path} is ${order?.state ?? 'not ordered'}: ${order?.reason ?? order?.note ?? ''}`,
      );
  }
}

interface InOmero {
  readonly fileset: string;
  readonly images: readonly string[];
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** What OMERO has of an order, by the files that were proven. */
async function inOmero(
  { omeroOwnerUrl, register, layout }: ImportDemo,
  { id }: ImportOrder,
): Promise<readonly InOmero[]> {
  const filesets = await register.imports.filesets.of(id);
  const client = new Client({ connectionString: omeroOwnerUrl });
  await client.connect();
  try {
    const found: InOmero[] = [];
    for (const { filesetId } of filesets) {
      const { rows: files } = await client.query<{ name: string; path: string }>(
        'SELECT o.name, o.path || o.name AS path FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile WHERE e.fileset = $1',
        [String(filesetId)],
      );
      const { rows: images } = await client.query<{ id: string }>('SELECT id FROM image WHERE fileset = $1', [
        String(filesetId),
      ]);
      found.push({
        fileset: `Fileset:${filesetId}`,
        images: images.map((image) => image.id),
        files: files.map(({ name, path }) => ({ name, path: join(layout.omero, 'ManagedRepository', path) })),
      });
    }
    return found;
  } finally {
    await client.end();
  }
}

async function compare(demo: ImportDemo, order: ImportOrder, set: SavedSet): Promise<readonly string[]> {
  const wanted = [...set.files].map(([path, digest]) => `${path.split('/').at(-1)} ${digest}`).toSorted();
  const filesets = await inOmero(demo, order);
  const got = await Promise.all(
    filesets.flatMap(({ files }) => files.map(async ({ name, path }) => `${name} ${await digestOf(path)}`)),
  );
  const faults = filesets.filter(({ images }) => images.length === 0).map(({ fileset }) => `${fileset} has no image`);
  return JSON.stringify(wanted) === JSON.stringify(got.toSorted())
    ? faults
    : [...faults, `${set.path} has other files in OMERO`];
}

async function archiveAndRestore(demo: ImportDemo, order: ImportOrder, set: SavedSet): Promise<readonly string[]> {
  const { layout, omeroOwnerUrl, register, services, say } = demo;
  const filesets = await inOmero(demo, order);
  const images = filesets.flatMap((fileset) => fileset.images.map(Number));
  await markImages(omeroOwnerUrl, images, Number(order.personId), { description: 'imported a moment ago' });
  await scan(register, services);
  const [request] = (await register.requests.list({ states: ['New'] }))
    .filter(({ owner }) => owner === order.person)
    .toSorted((a, b) => Number(b.id - a.id));
  if (!request) return ['the imported images were marked, and no request was made'];
  await register.requests.approve(request.id, 'demo');
  await untilDone(register, services, async () => undefined);
  say(`\nOne set is archived: Request:${request.id}, ${formatCount(request.images)} images`);
  const faults = await compare(demo, order, set);
  for (const { fileset } of filesets) await coldroom(layout, 'restore', fileset, '--yes');
  await untilDone(register, services, async () => undefined);
  say('  and restored, with the SHA-256 that its files had at the microscope');
  return [...faults, ...(await compare(demo, order, set))];
}

async function datasetOf(omeroUrl: string, ownerId: number): Promise<number> {
  const client = new Client({ connectionString: omeroUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('SELECT min(id) AS id FROM dataset WHERE owner_id = $1', [
      ownerId,
    ]);
    return Number(rows[0]!.id);
  } finally {
    await client.end();
  }
}
