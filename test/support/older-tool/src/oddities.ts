import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Folder, Job, OlderTool, Person, Status } from './older-tool';

/** A fileset of OMERO, with absolute paths. */
export interface PlantedFileset {
  readonly imageIds: readonly number[];
  readonly paths: readonly string[];
}

export interface Planted {
  /** How often each finding has to be in the report of a plan. */
  readonly inPlan: Readonly<Record<string, number>>;
  /** Findings that only a full read shows. */
  readonly byReading: Readonly<Record<string, number>>;
  /** Files that a take-over registers, and those that it leaves to requests. */
  readonly adopted: readonly string[];
  readonly left: readonly string[];
  /** Images that carry the tool's mark ARCHIVED. */
  readonly marked: readonly number[];
  /** Of these originals OMERO must have no hash. */
  readonly withoutHash: readonly string[];
  /** Files whose bytes cannot be read at their paths, by what was planted; and those whose copies were changed. */
  readonly unreadable: readonly string[];
  readonly damaged: readonly string[];
}

/** One file each; the rest of the fileset is archived as it should be. */
type Plant = (tool: OlderTool, path: string, image: number) => Promise<void>;

const archived: Plant = (tool, path, image) => tool.archive(path, image);

interface Oddity {
  /** What the report says of it. */
  readonly codes: readonly string[];
  readonly byReading?: string;
  readonly plant: Plant;
  readonly folder?: Folder;
  readonly status?: Status;
  readonly outcome: 'adopted' | 'left' | 'neither';
  readonly unreadable?: true;
  readonly withoutHash?: true;
  /** How the job has the name. */
  readonly name?: (path: string) => string;
  readonly notInRegister?: true;
}

const oddities: readonly Oddity[] = [
  {
    codes: ['NO_RECORD'],
    outcome: 'adopted',
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      await rm(tool.recordOf(path));
    },
    byReading: 'PROVEN_BY_ONE',
  },
  {
    codes: ['RECORD_BROKEN'],
    outcome: 'adopted',
    byReading: 'PROVEN_BY_ONE',
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      await writeFile(tool.recordOf(path), 'Source]\nno record');
    },
  },
  {
    codes: [],
    outcome: 'adopted',
    byReading: 'PROVEN_BY_ONE',
    withoutHash: true,
    plant: (tool, path, image) => tool.archive(path, image, 'Arkivum'),
  },
  {
    codes: ['NO_RECORD'],
    outcome: 'neither',
    byReading: 'UNPROVEN',
    withoutHash: true,
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      await rm(tool.recordOf(path));
    },
  },
  {
    codes: [],
    outcome: 'neither',
    byReading: 'DIFFERS',
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      const content = await readFile(tool.copyOf(path));
      content[0]! ^= 1;
      await writeFile(tool.copyOf(path), content);
    },
  },
  {
    codes: ['COPY_GONE'],
    outcome: 'neither',
    unreadable: true,
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      await rm(tool.copyOf(path));
    },
  },
  {
    codes: ['LINK_ELSEWHERE'],
    outcome: 'neither',
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      const other = `${tool.directory}/moved by hand`;
      await copyFile(tool.copyOf(path), other);
      await rm(path);
      await symlink(other, path);
    },
  },
  {
    codes: ['LINK_NEVER_MADE'],
    folder: 'Error',
    status: 'Finished',
    outcome: 'neither',
    unreadable: true,
    plant: async (tool, path, image) => {
      await tool.archive(path, image);
      await rm(path);
    },
  },
  {
    codes: ['FILE_NOWHERE'],
    folder: 'Error',
    status: 'Error',
    outcome: 'neither',
    unreadable: true,
    plant: async (tool, path, image) => {
      await tool.list(path, image);
      await rm(path);
    },
  },
  {
    codes: ['NOT_A_FILE'],
    folder: 'Error',
    status: 'Error',
    outcome: 'neither',
    unreadable: true,
    plant: async (tool, path, image) => {
      await tool.list(path, image);
      await rm(path);
      await mkdir(path);
    },
  },
  { codes: ['NAME_AMBIGUOUS'], outcome: 'adopted', plant: archived, name: (path) => path.replace('=', ' = ') },
  { codes: ['NOT_IN_ARCHIVED_REGISTER'], outcome: 'adopted', plant: archived, notInRegister: true },
  {
    codes: ['COPY_LEFT'],
    folder: 'Running',
    status: 'Running',
    outcome: 'left',
    plant: (tool, path, image) => tool.copy(path, image, 'File', false),
  },
  {
    codes: ['COPY_LEFT'],
    folder: 'Error',
    status: 'Error',
    outcome: 'left',
    plant: async (tool, path, image) => {
      await tool.list(path, image);
      await mkdir(dirname(tool.copyOf(path)), { recursive: true });
      await writeFile(tool.copyOf(path), 'half');
    },
  },
  { codes: ['NOT_ARCHIVED'], outcome: 'neither', plant: (tool, path, image) => tool.list(path, image) },
];

/** The number of filesets that `plant` needs at least, and the name that the first file of each must have. */
export const plantedNames: readonly string[] = oddities.map(({ codes }, nr) =>
  codes.includes('NAME_AMBIGUOUS') ? 'odd=name.dv' : nr === 0 ? '[odd] # ; n\u00e4me.dv' : 'first.dv',
);

/**
 * Writes the state of a server that used the older tool for years, with every oddity once. Filesets beyond the oddities
 * are archived, are under way, or wait, in turn.
 */
export async function plant(tool: OlderTool, owner: Person, filesets: readonly PlantedFileset[]): Promise<Planted> {
  const counts: Record<string, number> = {};
  const byReading: Record<string, number> = {};
  const all = {
    adopted: [] as string[],
    left: [] as string[],
    marked: [] as number[],
    withoutHash: [] as string[],
    unreadable: [] as string[],
    damaged: [] as string[],
  };
  const count = (codes: readonly string[]): void => codes.forEach((code) => (counts[code] = (counts[code] ?? 0) + 1));
  const register: string[] = [];
  const job = (nr: number, rest: Omit<Job, 'name' | 'owner'>): Promise<void> =>
    tool.job({ ...rest, owner, name: `20161128_${String(100000 + nr)}.1` });

  const jobs = new Map<Folder, { readonly images: number[]; readonly files: (readonly [string, Status])[] }>();
  for (const [nr, oddity] of oddities.entries()) {
    const { imageIds, paths } = filesets[nr]!;
    const [first, ...rest] = paths as [string, ...string[]];
    await oddity.plant(tool, first, imageIds[0]!);
    for (const path of rest) await tool.archive(path, imageIds[0]!);
    register.push(...rest, ...(oddity.notInRegister ? [] : [first]));
    all.adopted.push(...rest, ...(oddity.outcome === 'adopted' ? [first] : []));
    if (oddity.outcome === 'left') all.left.push(first);
    if (oddity.unreadable) all.unreadable.push(first);
    if (oddity.byReading === 'DIFFERS') all.damaged.push(first);
    if (oddity.withoutHash) all.withoutHash.push(first);
    all.marked.push(...imageIds);
    count(oddity.codes);
    if (oddity.byReading) byReading[oddity.byReading] = (byReading[oddity.byReading] ?? 0) + 1;
    const folder = oddity.folder ?? 'Finished';
    const listed = jobs.get(folder) ?? { images: [], files: [] };
    listed.images.push(...imageIds);
    listed.files.push([oddity.name?.(first) ?? first, oddity.status ?? 'Finished']);
    listed.files.push(...rest.map((path) => [path, 'Finished'] as const));
    jobs.set(folder, listed);
  }
  const notes = { expiry: '2026-11-28', description: 'one = two\n[Files]\n/etc/passwd = Running\n# user id = 0' };
  for (const [nr, [folder, listed]] of [...jobs].entries()) await job(nr, { folder, ...listed, notes });
  await plantUsual(tool, filesets.slice(oddities.length), { all, count, register, job });
  await plantAround(tool, { first: filesets[0]!, count, job });
  await tool.register('archived_register', register);
  return { inPlan: counts, byReading, ...all };
}

interface Planting {
  readonly all: { readonly adopted: string[]; readonly left: string[]; readonly marked: number[] };
  readonly count: (codes: readonly string[]) => void;
  readonly register: string[];
  readonly job: (nr: number, rest: Omit<Job, 'name' | 'owner'>) => Promise<void>;
}

const filesetsAJob = 5;
const turns: readonly Folder[] = ['Finished', 'Running', 'New', 'Approved', 'Declined', 'Finished', 'Finished'];

async function plantUsual(
  tool: OlderTool,
  filesets: readonly PlantedFileset[],
  { all, count, register, job }: Planting,
): Promise<void> {
  for (let start = 0; start < filesets.length; start += filesetsAJob) {
    const nr = start / filesetsAJob;
    const folder = turns[nr % turns.length]!;
    const some = filesets.slice(start, start + filesetsAJob);
    const statuses: (readonly [string, Status])[] = [];
    for (const { imageIds, paths } of some) {
      for (const [at, path] of paths.entries()) {
        const isDone = folder === 'Finished' || (folder === 'Running' && at % 2 === 1);
        if (isDone) await tool.archive(path, imageIds[0]!, nr % 2 === 0 ? 'File' : 'Arkivum');
        else await tool.list(path, imageIds[0]!);
        if (isDone) register.push(path);
        if (isDone) all.adopted.push(path);
        else if (folder !== 'Declined') all.left.push(path);
        statuses.push([path, isDone ? 'Finished' : folder]);
      }
      if (folder === 'Finished' || folder === 'Running') all.marked.push(...imageIds);
      if (folder === 'Running' && paths.length === 1) count(imageIds.map(() => 'MARKED_TOO_EARLY'));
    }
    await job(500 + nr, { folder, images: some.flatMap(({ imageIds }) => imageIds), files: statuses });
  }
}

/** What is not about a file of OMERO. */
async function plantAround(
  tool: OlderTool,
  { first, count, job }: Pick<Planting, 'count' | 'job'> & { readonly first: PlantedFileset },
): Promise<void> {
  const gone = join(dirname(first.paths[0]!), 'deleted in OMERO.dv');
  await writeFile(gone, 'what OMERO forgot');
  await tool.archive(gone, 999_999);
  const twice = first.paths[1]!;
  await job(900, {
    folder: 'Finished',
    images: [999_999, ...first.imageIds],
    files: [
      [gone, 'Finished'],
      [twice, 'Ignore'],
      ['/elsewhere/file', 'Finished'],
    ],
    strayLine: '/not understood',
  });
  count(['IMAGE_GONE', 'NOT_IN_OMERO', 'ENTRY_TWICE', 'OUTSIDE_OMERO', 'NO_RECORD', 'ENTRY_NOT_UNDERSTOOD']);
  // Left by a move that was interrupted.
  const finished = (folder: Folder): string => join(tool.directory, 'Job', folder, '20161128_100000.1');
  await copyFile(finished('Finished'), finished('Running'));
  count(['JOB_TWICE']);
  await writeFile(join(tool.directory, 'Job', 'New', 'notes.txt'), 'remember the milk\n');
  count(['JOB_NOT_UNDERSTOOD']);
  await tool.list(`${gone}.2`, 999_999);
  count(['RECORD_WITHOUT_JOB']);
  await tool.register('to_archive_register', ['/OMERO/alone', '/OMERO/alone']);
  count(['REGISTER_ENTRY_TWICE', 'REGISTER_ENTRY_ALONE', 'REGISTER_ENTRY_ALONE']);
  await tool.pidFile(2 ** 22 + 1); // larger than any process id
  count(['PID_FILE_LEFT']);
}
