import { writeFileSync } from 'node:fs';
import { importFileset, type Imported } from './import-fileset';
import { legacyPath } from './legacy-path';
import { annotateImages, markImages } from './marks';
import { createGroup, createUser } from './people';
import { Tally, type OrdinaryKind, type SampleReport, type SpecialKind } from './report';
import { OmeroServer, type SamplePlace, type SampleUser } from './server';
import { specials } from './special';

export interface SamplePlan extends SamplePlace {
  /** Ordinary images; some 360 special ones are added. At most three more are made, to finish a series. Default 220. */
  readonly images?: number;
  /** Bytes of a typical file. Default 60,000. */
  readonly fileSize?: number;
  /** Where to write the report as JSON too. */
  readonly reportFile?: string;
}

/** Adds what one import made to the report, and notes which of its images are to be marked. */
type Recorder = (
  made: {
    readonly kind: OrdinaryKind | SpecialKind;
    readonly owner: number;
    readonly marked: 'all' | 'first' | 'none';
  },
  imported: Imported,
) => void;

const FILESETS_A_DATASET = 100;
/** Ids that legacy paths put into directories occur in the sample: Pixels/990 and Pixels/Dir-001/1000. */
const IDS_BEFORE = 990;

/**
 * Fills an empty database and data directory as an OMERO server of several years would have left them; the same for the
 * same seed. Memory stays bounded for any number of images.
 */
export async function buildSampleOmero(plan: SamplePlan): Promise<SampleReport> {
  const { databaseUrl, images = 220, fileSize = 60_000 } = plan;
  const server = await OmeroServer.open(plan);
  const tally = new Tally();
  const toMark: number[][] = [[], [], []];
  const record: Recorder = ({ kind, owner, marked }, imported) => {
    const { imageIds } = imported;
    tally.add(kind, imported);
    toMark[owner]?.push(...(marked === 'all' ? imageIds : marked === 'first' ? imageIds.slice(0, 1) : []));
  };
  let people: Awaited<ReturnType<typeof createPeople>>;
  try {
    people = await createPeople(server);
    await server.rows.startAfter('pixels', IDS_BEFORE);
    await server.rows.startAfter('originalfile', IDS_BEFORE);
    const datasets: number[] = [];
    for (const user of people.users) datasets.push(await newDataset(server, user, 'Special cases'));
    for (const special of specials(fileSize)) {
      const owner = people.users[special.owner];
      const imported = await special.make(server, owner, datasets[special.owner] ?? 0);
      record(special, imported);
      if (special.kind === 'two-datasets') await secondDataset(server, owner, imported.imageIds);
      if (special.kind === 'attachment') await attachFile(server, owner, imported.imageIds);
    }
    await makeOrdinary(server, people.users, { images, fileSize }, record);
  } finally {
    await server.close();
  }
  for (const [owner, imageIds] of toMark.entries()) {
    const user = people.users[owner];
    if (user)
      await markImages(databaseUrl, imageIds, user.id, {
        expiry: 10,
        description: `Finished project of ${user.omename}`,
      });
  }
  const special = tally.of(SPECIAL_KINDS);
  await markOddly(databaseUrl, people, special);
  const report: SampleReport = {
    images: tally.images,
    filesets: tally.filesets,
    files: tally.files,
    bytes: tally.bytes,
    dataDir: server.disk.dataDir,
    outsideDir: server.disk.outsideDir,
    managedUuid: server.managedUuid,
    users: people.listed,
    groups: people.groups,
    ordinary: tally.of(['single-file', 'series', 'many-files']),
    special,
    marked: [...toMark.flat(), ...special['marked-by-leader'].imageIds].sort((a, b) => a - b),
  };
  if (plan.reportFile) writeFileSync(plan.reportFile, `${JSON.stringify(report, undefined, 1)}\n`);
  return report;
}

async function createPeople(server: OmeroServer) {
  const open = await createGroup(server, 'microscopy', -40);
  const closed = await createGroup(server, 'private-lab', -120);
  const alice = await createUser(server, { omename: 'alice', firstname: 'Alice', lastname: 'Aster', group: open });
  const bob = await createUser(server, { omename: 'bob', firstname: 'Bob', lastname: 'Birch', group: open });
  const carol = await createUser(server, { omename: 'carol', firstname: 'Carol', lastname: 'Cedar', group: closed });
  const leader = await createUser(server, {
    omename: 'dana',
    firstname: 'Dana',
    lastname: 'Dogwood',
    group: open,
    leader: true,
  });
  const administrator = await createUser(server, {
    omename: 'erin',
    firstname: 'Erin',
    lastname: 'Elm',
    group: open,
    administrator: true,
  });
  const users = [alice, bob, carol] as const;
  const as =
    (role: SampleReport['users'][number]['role']) =>
    ({ id, omename, groupId }: SampleUser) => ({ id, omename, groupId, role });
  return {
    groups: [open, closed],
    users,
    leader,
    listed: [...users.map(as('user')), as('leader')(leader), as('administrator')(administrator)],
  };
}

/** Seven single files, two files of four images, one image of seven files, and so on; every other fileset is marked. */
async function makeOrdinary(
  server: OmeroServer,
  users: readonly SampleUser[],
  { images, fileSize }: { images: number; fileSize: number },
  record: Recorder,
): Promise<void> {
  const filesets = users.map(() => 0);
  const datasets = users.map(() => 0);
  for (let made = 0, index = 0; made < images; index += 1) {
    const turn = Math.floor(index / 5) % users.length;
    const owner = users[turn];
    if (!owner) continue;
    const count = filesets[turn] ?? 0;
    if (count % FILESETS_A_DATASET === 0)
      datasets[turn] = await newDataset(server, owner, `Experiment ${count / FILESETS_A_DATASET + 1}`);
    filesets[turn] = count + 1;
    const size = Math.round(fileSize * (0.5 + ((index * 7919) % 1000) / 1000));
    const name = `img_${String(index + 1).padStart(6, '0')}`;
    const kind: OrdinaryKind = index % 10 < 7 ? 'single-file' : index % 10 < 9 ? 'series' : 'many-files';
    const imported = await importFileset(server, {
      owner,
      dataset: datasets[turn] ?? 0,
      images: kind === 'series' ? 4 : 1,
      files:
        kind !== 'many-files'
          ? [{ name: `${name}.${kind === 'series' ? 'czi' : 'tif'}`, size }]
          : [
              { name: `${name}.xml`, size: 700 },
              ...Array.from({ length: 6 }, (_, plane) => ({
                name: `planes/${name}_z${plane}.tif`,
                size: Math.ceil(size / 4),
              })),
            ],
    });
    made += imported.imageIds.length;
    const marked = index % 2 === 0 ? 'all' : index % 10 === 7 && index % 3 === 0 ? 'first' : 'none';
    record({ kind, owner: turn, marked }, imported);
  }
}

async function newDataset(server: OmeroServer, owner: SampleUser, name: string): Promise<number> {
  const event = await server.event(owner, 'User');
  const details = server.details(owner, event);
  const [project, dataset] = [await server.rows.id('project'), await server.rows.id('dataset')];
  server.rows.add('project', { ...details, id: project, name: `${name} of ${owner.omename}` });
  server.rows.add('dataset', { ...details, id: dataset, name });
  server.rows.add('projectdatasetlink', {
    ...details,
    id: await server.rows.id('projectdatasetlink'),
    parent: project,
    child: dataset,
  });
  return dataset;
}

async function secondDataset(server: OmeroServer, owner: SampleUser, imageIds: readonly number[]): Promise<void> {
  const dataset = await newDataset(server, owner, 'Figures');
  const details = server.details(owner, await server.event(owner, 'User'));
  for (const child of imageIds)
    server.rows.add('datasetimagelink', {
      ...details,
      id: await server.rows.id('datasetimagelink'),
      parent: dataset,
      child,
    });
}

/** A file that a user attached is in Files/ like a legacy original, but is none. */
async function attachFile(server: OmeroServer, owner: SampleUser, imageIds: readonly number[]): Promise<void> {
  const event = await server.event(owner, 'User');
  const details = server.details(owner, event);
  const [file, annotation] = [await server.rows.id('originalfile'), await server.rows.id('annotation')];
  const laid = server.disk.lay(
    legacyPath('Files', file),
    { name: 'results.csv', content: Buffer.from('cell,area\n1,42.5\n') },
    event.time,
  );
  server.rows.add('originalfile', {
    ...details,
    id: file,
    path: '/home/',
    name: 'results.csv',
    size: laid.size,
    hash: laid.hex,
    hasher: server.enumeration('checksumalgorithm', 'SHA1-160'),
    mimetype: 'text/csv',
  });
  server.rows.add('annotation', { ...details, id: annotation, discriminator: '/type/OriginalFile/', file });
  for (const parent of imageIds)
    server.rows.add('imageannotationlink', {
      ...details,
      id: await server.rows.id('imageannotationlink'),
      parent,
      child: annotation,
    });
}

/** A leader's mark counts; a stranger's does not; a tag, a boolean and another namespace only look like marks. */
async function markOddly(
  databaseUrl: string,
  people: Awaited<ReturnType<typeof createPeople>>,
  special: SampleReport['special'],
): Promise<void> {
  const [alice, bob] = people.users;
  const mine = { ownerId: alice.id, groupId: alice.groupId };
  const mark = { name: 'TO-ARCHIVE', values: [['TO-ARCHIVE', 'True']] as const };
  await markImages(databaseUrl, special['marked-by-leader'].imageIds, people.leader.id, { expiry: 0 });
  await annotateImages(databaseUrl, {
    ...mark,
    imageIds: special['marked-by-stranger'].imageIds,
    ownerId: bob.id,
    groupId: alice.groupId,
    ns: 'archiving',
    description: `Owner : ${bob.id} : ${bob.omename}`,
  });
  await annotateImages(databaseUrl, {
    ...mine,
    imageIds: special['tag-lookalike'].imageIds,
    discriminator: '/basic/text/tag/',
    name: null,
    textvalue: 'TO-ARCHIVE',
  });
  await annotateImages(databaseUrl, {
    ...mine,
    imageIds: special['boolean-lookalike'].imageIds,
    discriminator: '/basic/bool/',
    name: 'TO-ARCHIVE',
    ns: 'archiving',
    boolvalue: true,
  });
  await annotateImages(databaseUrl, {
    ...mine,
    ...mark,
    imageIds: special['other-namespace'].imageIds,
    ns: 'example.org/lab',
  });
}

const SPECIAL_KINDS: readonly SpecialKind[] = [...new Set(specials(0).map(({ kind }) => kind))];
