import { join } from 'node:path';
import { rootNames, type RootName } from '@coldroom/domain';
import { identify, markerName, openRoot, probe, refuseLacks, typeOf } from '@coldroom/files';
import { warningsOf } from './file-systems';
import { examine, fault, ok, warning, type Finding } from './findings';
import { examineLinking, existing, unlessDenied } from './linking';
import { examineOwnership } from './ownership';
import { firstEntry, sampleFiles } from './sample-files';

const prepare = 'coldroom doctor --prepare';

/** OMERO's trees: mounted, marked, readable, and each with a hold directory to which originals can be linked. */
export async function examineTrees(dataDir: string, holds: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const hold of holds) findings.push(...(await examine(`hold ${hold}`, () => examineHold(hold, dataDir))));
  for (const name of rootNames)
    findings.push(...(await examine(name, () => examineTree(name, join(dataDir, name), holds))));
  return findings;
}

async function examineHold(hold: string, dataDir: string): Promise<readonly Finding[] | Finding> {
  const about = `hold ${hold}`;
  const found = await identify(hold).catch(unlessDenied);
  if (found === 'denied')
    return fault(
      about,
      'cannot be looked at (EACCES)',
      'run the services, and this, as the user that owns the data directory',
    );
  if (found === null) return fault(about, 'is not there', prepare);
  if (typeOf(found.mode) !== 'directory')
    return fault(about, 'is not a directory', 'move it away, or name another place in COLDROOM_HOLD_DIRS');
  const tree = rootNames.find((name) => `${hold}/`.startsWith(`${join(dataDir, name)}/`));
  if (tree)
    return fault(
      about,
      `lies inside ${tree}, where OMERO's cleanse would find it`,
      'name a place outside the trees in COLDROOM_HOLD_DIRS',
    );
  if ((found.mode & 0o077) !== 0)
    return warning(about, `is open to others (mode ${(found.mode & 0o7777).toString(8)})`, `chmod 700 ${hold}`);
  if ((await identify(join(hold, markerName))) === null) return fault(about, `has no marker ${markerName}`, prepare);
  const look = await probe(await openRoot(hold, 'hold'), Buffer.alloc(0));
  refuseLacks('hold', 'hold', look);
  return [ok(about, 'is there'), ...warningsOf(about, 'hold', look)];
}

async function examineTree(name: RootName, directory: string, holds: readonly string[]): Promise<readonly Finding[]> {
  if ((await existing(directory)) === undefined) return [missing(name, directory)];
  const marker = join(directory, markerName);
  if ((await identify(marker)) === null) return [unmarked(name, await isEmpty(directory))];
  await openRoot(directory, name);
  return [...(await examineReading(name, directory)), await examineLinking(name, directory, holds)];
}

function missing(name: RootName, directory: string): Finding {
  if (name === 'Files') return ok(name, 'is not there: this OMERO has no data of OMERO 4');
  return fault(
    name,
    `${directory} is not there`,
    'correct OMERO_DATA_DIR, or mount the disk; OMERO itself makes this directory when it starts',
  );
}

/** The scanner looks in Pixels for every image's pyramid, and in Files only for data of OMERO 4. */
function unmarked(name: RootName, empty: boolean): Finding {
  if (name === 'ManagedRepository' && empty)
    return fault(name, 'is empty: is the disk mounted?', 'mount it; an empty repository holds nothing to archive');
  if (name === 'Files')
    return empty
      ? ok(name, 'is empty')
      : warning(name, `has no marker ${markerName}: no data of OMERO 4 can be archived`, prepare);
  return fault(name, `has no marker ${markerName}: nothing can be archived`, prepare);
}

/** Checks files deep in the tree, of several people and months: the rights on the top directory prove little. */
async function examineReading(name: RootName, directory: string): Promise<readonly Finding[]> {
  const samples: string[] = [];
  for await (const { path, missing } of sampleFiles(directory)) {
    if (missing) return [unreadable(name, path, missing)];
    samples.push(path);
  }
  return [
    ok(name, `marked and readable, tried with ${samples[0] ?? directory}`),
    ...(await examineOwnership(name, directory, samples)),
  ];
}

const unreadable = (name: RootName, path: string, code: string): Finding =>
  fault(name, `${path} cannot be read (${code})`, "run the services as the user that owns OMERO's files");

async function isEmpty(directory: string): Promise<boolean> {
  return (await firstEntry(directory)) === undefined;
}
