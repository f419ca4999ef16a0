import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FileListing, Register, RequestSummary } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { untilDone } from './archive';
import type { Layout } from './layout';
import { marksInOmero } from './omero-state';
import type { Services } from './services';
import { entryAt, readTree, type Entry } from './tree';

const run = promisify(execFile);

export interface Restored {
  readonly fileset: string;
  readonly files: number;
  readonly faults: readonly string[];
}

/**
 * Requests the retrieval of one fileset by the command that a data manager would type, and compares its files with
 * those before.
 */
export async function restoreFileset(
  layout: Layout,
  register: Register,
  services: Services,
  omeroUrl: string,
): Promise<Restored> {
  const files = await filesOfOne(register);
  const fileset = files[0]?.fileset ?? '';
  await coldroom(layout, 'restore', fileset, '--yes');
  await untilDone(register, services, async () => undefined);
  return {
    fileset,
    files: files.length,
    faults: [...(await faultsOf(layout, files)), ...(await faultsOfMarks(register, omeroUrl))],
  };
}

/** Makes everything that was archived open in OMERO again, if links do not resolve. */
export async function recallAll(
  layout: Layout,
  register: Register,
  services: Services,
  requests: readonly RequestSummary[],
  say: (line: string) => void,
): Promise<void> {
  const objects = requests.map(({ id }) => `Request:${id}`);
  say(`\nThe links lead out of reach until their images are recalled: coldroom recall ${objects.join(' ')}`);
  await coldroom(layout, 'recall', ...objects, '--days', '1', '--yes');
  await untilDone(register, services, async () => undefined);
}

/** A command as someone would type it; its settings are those of the demo. */
export async function coldroom(layout: Layout, ...words: readonly string[]): Promise<void> {
  await run(process.execPath, [
    join(__dirname, '..', '..', '..', 'apps', 'cli', 'dist', 'main.js'),
    '--env',
    layout.settings,
    '--json',
    ...words,
  ]).catch((error: Error & { readonly code?: unknown; readonly stdout?: string; readonly stderr?: string }) => {
    if (error.code !== exitCodes.partly)
      throw new Error(`coldroom ${words.join(' ')} failed: ${error.stderr ?? ''}${error.stdout ?? ''}`, {
        cause: error,
      });
  });
}

/** The largest of some archived filesets. */
async function filesOfOne(register: Register): Promise<readonly FileListing[]> {
  const archived = await register.reports.files({ states: ['released', 'recalled'], limit: 1000 });
  const groups = [
    ...Map.groupBy(
      archived.filter(({ fileset }) => fileset.startsWith('Fileset:')),
      ({ fileset }) => fileset,
    ).values(),
  ];
  return groups.sort((one, other) => other.length - one.length)[0] ?? [];
}

/** Bytes, mode, owner and mtime as they were; only the inode is new. */
async function faultsOf(layout: Layout, files: readonly FileListing[]): Promise<readonly string[]> {
  if (files.length === 0) return ['no fileset was archived that could be restored'];
  const before = new Map<string, Entry>();
  const wanted = new Set(files.map(({ root, path }) => Buffer.from(`${root}/${path}`).toString('base64')));
  for await (const entry of readTree(layout.before)) if (wanted.has(entry.path)) before.set(entry.path, entry);
  const faults: string[] = [];
  for (const path of wanted) {
    const then = before.get(path);
    const now = await entryAt(layout.omero, Buffer.from(path, 'base64'));
    const changed = (['kind', 'size', 'mtimeNs', 'mode', 'uid', 'gid', 'sha256'] as const).filter(
      (key) => then?.[key] !== now[key],
    );
    if (changed.length > 0)
      faults.push(`${Buffer.from(path, 'base64').toString()} was restored with another ${changed.join(', ')}`);
  }
  return faults;
}

async function faultsOfMarks(register: Register, omeroUrl: string): Promise<readonly string[]> {
  const archived = new Set(
    (await register.marks.all()).filter((mark) => mark.wanted === 'archived').map((mark) => String(mark.imageId)),
  );
  const { archived: marked, flag } = await marksInOmero(omeroUrl);
  return [...marked, ...flag]
    .filter((id) => !archived.has(id))
    .map((id) => `Image:${id} was restored and is still marked as archived`);
}
