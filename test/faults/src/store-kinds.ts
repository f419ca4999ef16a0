import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeArkivum } from '@coldroom/fake-arkivum';
import { writeMarker } from '@coldroom/files';
import { imageOf } from './tree';

/** Where a world keeps its copies, and how they are inspected without software of ours. */
export interface KeptCopies {
  /** For the stores file; one has the requested name. */
  readonly stores: Readonly<Record<string, unknown>>;
  /** Where links lead. */
  readonly links: string;
  /** Links do not resolve until their images are recalled. */
  readonly recalled: boolean;
  /** Directories that hold all sealed bags as they are now; what is not in a directory is downloaded into one. */
  bags(): Promise<readonly string[]>;
  /** What is not sealed, or incomplete. A service that was killed may leave its look at the file system. */
  unsealed(): Promise<readonly string[]>;
  /** Everything that would show a change of a sealed bag. */
  image(): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

/** `main`, or the one that its bags are moved to. */
export type StoreName = 'main' | 'other';
export type StoreKind = (dir: string, name: StoreName) => Promise<KeptCopies>;

/** The location of a store below the directory of its world. */
export const placeOf = { main: 'store', other: 'other' } as const;

/** One directory on this machine, with these settings in addition. */
export const fileStoreWith =
  (settings: object = {}): StoreKind =>
  async (dir, name) => {
    const directory = await markedDirectory(dir, placeOf[name], name);
    const store = { kind: 'file', directory, sameFileSystem: true, ...settings };
    return { ...inDirectories(directory), stores: { [name]: store } };
  };

export const fileStore = fileStoreWith();

/** Every bag in two directories; links lead to the first. */
export const copiesStore: StoreKind = async (dir, name) => {
  const [first, second] = [
    await markedDirectory(dir, 'store', 'first'),
    await markedDirectory(dir, 'store-second', 'second'),
  ];
  const stores = {
    [name]: { kind: 'copies', of: ['first', 'second'] },
    first: { kind: 'file', directory: first, sameFileSystem: true },
    second: { kind: 'file', directory: second, sameFileSystem: true },
  };
  return { ...inDirectories(first, second), stores };
};

/** A mount with the stand-in for an appliance behind it. */
export const arkivumStore: StoreKind = async (dir, name) => {
  const mount = await markedDirectory(dir, placeOf[name], name);
  const appliance = await startFakeArkivum({ dir: join(dir, 'appliance'), mount });
  const settings = {
    kind: 'arkivum',
    mount,
    url: appliance.url,
    caFile: appliance.caFile,
    api: 'v3',
    sameFileSystem: true,
  };
  return { ...inDirectories(mount), stores: { [name]: settings }, stop: () => appliance.stop() };
};

function inDirectories(...directories: readonly [string, ...string[]]): Omit<KeptCopies, 'stores'> {
  return {
    links: directories[0],
    recalled: false,
    bags: async () => directories,
    unsealed: async () =>
      directories
        .map((directory) => join(directory, '.open'))
        .filter((open) => existsSync(open))
        .flatMap((open) => readdirSync(open).filter((name) => !name.startsWith('.check-')))
        .map((name) => `the bag ${name}`),
    image: async () =>
      imageOf(...directories.flatMap((directory) => sealedBagsIn(directory).map((bag) => join(directory, bag)))),
    stop: async () => undefined,
  };
}

export function sealedBagsIn(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'lost+found')
    .map((entry) => entry.name);
}

async function markedDirectory(dir: string, name: string, marker: string): Promise<string> {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  await writeMarker(path, marker);
  return path;
}
