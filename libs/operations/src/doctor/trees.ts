import { constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, rootNames, type RootName } from '@coldroom/domain';
import { identify, markerName, openRoot, probe, refuseLacks, typeOf } from '@coldroom/files';
import { denied, firstEntry, sampleFiles } from './sample-files';
import { warningsOf } from './file-systems';
import { examine, fault, ok, warning, type Finding } from './findings';
import { examineOwnership, protectedHardlinks } from './ownership';
import { tryLinks } from './try-links';

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
  if (found === undefined)
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

async function examineLinking(name: RootName, directory: string, holds: readonly string[]): Promise<Finding> {
  const { dev, uid } = await stat(directory, { bigint: true });
  const own: string[] = [];
  for (const hold of holds) if ((await existing(hold))?.dev === dev) own.push(hold);
  const [hold] = own;
  if (hold === undefined)
    return fault(
      name,
      'no hold directory is on its file system, and a hard link cannot leave one',
      'name a place on the same file system in COLDROOM_HOLD_DIRS',
    );
  try {
    await tryLinks(hold, join(directory, markerName));
  } catch (error) {
    return linkFault(name, hold, uid, codeOf(error));
  }
  const unwritable = await denied(directory, constants.W_OK);
  return unwritable
    ? fault(name, `links cannot be made in it (${unwritable})`, 'mount it writable for the linker')
    : ok(name, `originals can be held in ${hold}, and links made`);
}

function linkFault(name: RootName, hold: string, owner: bigint, code: string): Finding {
  switch (code) {
    case 'EXDEV':
      return fault(
        name,
        `${hold} is on the same disk but another mount, and a hard link cannot leave one`,
        'mount their common parent as one, or name another place in COLDROOM_HOLD_DIRS',
      );
    case 'EPERM':
      return fault(
        name,
        `the system refuses hard links to its files (protected_hardlinks is ${protectedHardlinks()})`,
        `run the linker as the owner of the files (uid ${owner})`,
      );
    case 'EACCES':
    case 'EROFS':
      return fault(
        name,
        `nothing can be written in ${hold} (${code})`,
        `let the linker's user (uid ${owner}?) write there`,
      );
    default:
      return fault(
        name,
        `hard links to ${hold} do not work (${code})`,
        'name a place in COLDROOM_HOLD_DIRS whose file system knows hard links',
      );
  }
}

async function existing(path: string): Promise<{ readonly dev: bigint } | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  return (await firstEntry(directory)) === undefined;
}

function unlessDenied(error: unknown): undefined {
  if (codeOf(error) !== 'EACCES') throw error;
}
