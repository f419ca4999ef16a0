import '@coldroom/runtime/require-node';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { startFakeOmeroWeb } from '@coldroom/fake-omero-web';
import { markerName, writeMarker } from '@coldroom/files';
import { Register } from '@coldroom/register';
import { exitCodes, readSettings } from '@coldroom/runtime';
import { buildSampleOmero, type SampleReport } from '@coldroom/sample-omero';
import { markMoreImages } from './new-requests';
import { keepOmeroState } from './omero-state';
import { prove } from './proof';
import { grantScanner } from './scanner-role';
import { untilInterrupted } from './stay';
import { writeTree } from './tree';

const help = `What deploy/omero-sample.yml runs beside Coldroom's services.

  make     makes the sample OMERO in an empty database and volume, once, with the scanner's role and all markers
  mark     marks more images, as people do later
  serve    a stand-in for OMERO.web's sign-in; everyone's password is their login name
  prove    compares OMERO's files and tables with those that make left, and all bags with their manifests`;

const place = {
  omero: '/OMERO',
  hold: '/OMERO/.coldroom/hold',
  store: '/archive',
  // In the same volume, where no proof looks.
  outside: '/OMERO/.coldroom-outside',
  before: '/sample/before.jsonl',
  report: '/sample/sample.json',
} as const;
/** As in OMERO's own images; their groups differ. */
const usualOwner = '1000:1000';
const omeroWebPort = 4080;

async function make(): Promise<number> {
  const { OMERO_OWNER_URL: owner = '', SAMPLE_IMAGES: images = '220' } = process.env;
  const files = process.env['SAMPLE_OWNER'] || usualOwner;
  const volume = process.env['SAMPLE_VOLUME_OWNER'] || files;
  if (existsSync(place.report)) {
    console.log('The sample is there already.');
    return exitCodes.ok;
  }
  await refuseUnlessEmpty(place.omero);
  const reportFile = `${place.report}.new`;
  const sample = await buildSampleOmero({
    databaseUrl: owner,
    dataDir: place.omero,
    outsideDir: place.outside,
    images: Number(images),
    reportFile,
  });
  await keepOmeroState(owner);
  if (files !== usualOwner) execFileSync('chown', ['-hR', files, place.omero, place.outside]);
  await writeTree(place.omero, place.before);
  if (process.env['SAMPLE_PREPARED'] !== 'false') await prepare(owner, files);
  execFileSync('chown', [volume, place.omero]);
  // As Kubernetes makes a volume that has an fsGroup: of root, with a group that may write and is passed on.
  if (volume !== files) await chmod(place.omero, 0o2775);
  await writeFile(place.report, readFileSync(reportFile)); // the last thing: from here on the sample is whole
  console.log(`The sample has ${sample.files} files; ${sample.marked.length} images are marked TO-ARCHIVE.`);
  return exitCodes.ok;
}

/** What an administrator does before the services start: the scanner's role, markers, the hold directory. */
async function prepare(owner: string, files: string): Promise<void> {
  await grantScanner(owner, new URL(readSettings(['omero']).OMERO_DATABASE_URL).password);
  await mkdir(place.hold, { recursive: true, mode: 0o700 });
  const marks = [
    ...rootNames.map((name) => [join(place.omero, name), name]),
    [place.hold, 'hold'],
    [place.store, 'main'],
  ];
  for (const [directory = '', name = ''] of marks) await writeMarker(directory, name);
  const owned = [
    '/OMERO/.coldroom',
    place.hold,
    place.store,
    ...marks.map(([directory = '']) => join(directory, markerName)),
  ];
  execFileSync('chown', [files, ...owned]);
}

/** An OMERO that someone uses must not become a sample. What an earlier make left unfinished is in volumes of the sample. */
async function refuseUnlessEmpty(directory: string): Promise<void> {
  const found = (await readdir(directory)).filter((name) => name !== 'lost+found');
  if (found.length > 0)
    throw new Error(
      `${directory} is not empty (${found.slice(0, 3).join(', ')}): remove the volumes of the sample, and try again`,
    );
}

const madeSample = (): SampleReport => JSON.parse(readFileSync(place.report, 'utf8')) as SampleReport;

async function mark(): Promise<number> {
  await markMoreImages(process.env['OMERO_OWNER_URL'] ?? '', madeSample());
  return exitCodes.ok;
}

async function serve(): Promise<number> {
  const { users } = madeSample();
  const web = await startFakeOmeroWeb({
    host: '0.0.0.0',
    port: omeroWebPort,
    accounts: users.map(({ id, omename }) => ({ id, username: omename, password: omename })),
  });
  console.log(`People of the sample: ${users.map(({ omename, role }) => `${omename} (${role})`).join(', ')}`);
  await untilInterrupted();
  await web.close();
  return exitCodes.ok;
}

async function proveAll(): Promise<number> {
  const register = new Register(readSettings(['register']).REGISTER_DATABASE_URL);
  try {
    const bags = { links: place.store, bags: async () => place.store };
    const { faults, ...proven } = await prove(place, bags, process.env['OMERO_OWNER_URL'] ?? '', register);
    console.log(JSON.stringify({ ...proven, faults: faults.slice(0, 50), faultCount: faults.length }));
    return faults.length === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    await register.close();
  }
}

const commands: Readonly<Record<string, () => Promise<number>>> = { make, mark, serve, prove: proveAll };

async function main(): Promise<number> {
  const command = commands[process.argv[2] ?? ''];
  if (command) return command();
  console.error(help);
  return exitCodes.usage;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(exitCodes.failed);
  },
);
