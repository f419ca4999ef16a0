import { codeOf, type Work } from '@coldroom/domain';
import { displayPath, openDirectory, walk, type Directory, type Files, type Place } from '@coldroom/files';
import { join, type OwnTree } from './places';

/** What was taken away. Files that are kept have no name in the source to go to: another file is there, or no directory. */
export interface TakenAway {
  readonly released: number;
  readonly returned: number;
  readonly kept: number;
  /** The first kept ones, as they are shown. */
  readonly shown: readonly string[];
}

/**
 * Takes the names in a directory of ours away. With `moveBack`, files whose source is gone go back there. The rest is kept. It
 * goes by what is in the directory, so it may be repeated after a crash at any line.
 */
export async function takeAway(files: Files, tree: OwnTree, work: Work, moveBack = true): Promise<TakenAway> {
  let [released, returned] = [0, 0];
  for (;;) {
    const pass = await takeAwayOnce(files, tree, work, moveBack);
    released += pass.released;
    returned += pass.returned;
    // Names may be missed while others are removed from the same directory: only a pass that finds none is the last one.
    if (pass.released + pass.returned > 0) continue;
    await removeEmptyTree(files, tree, tree.directory, work);
    return { ...pass, released, returned };
  }
}

async function takeAwayOnce(files: Files, tree: OwnTree, work: Work, moveBack: boolean): Promise<TakenAway> {
  const taken = { released: 0, returned: 0, kept: 0, shown: [] as string[] };
  try {
    for await (const batch of walk(files, tree.root, tree.directory)) {
      const pairs = batch.map(({ path }) => ({
        from: tree.sourceAt(path),
        to: { root: tree.root.directory, path: join(tree.directory, path) },
      }));
      const outcomes = await files.release(pairs, { moveBack }, work);
      for (const [at, outcome] of outcomes.entries()) {
        if (!('ok' in outcome)) throw outcome.error;
        const { what } = outcome.ok;
        if (what === 'gone') continue;
        taken[what] += 1;
        if (what === 'kept' && taken.shown.length < 10) taken.shown.push(displayPath(batch[at]!.path));
      }
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error; // nothing was ever there
  }
  return taken;
}

type Rooted = Pick<OwnTree, 'root'>;

/** Directories of ours are removed from the innermost out, if they are empty. */
export async function removeEmptyTree(files: Files, tree: Rooted, path: Buffer, work: Work): Promise<void> {
  const opened = await openIfAny(tree, path);
  if (!opened) return;
  try {
    for (const name of await directoriesIn(files, tree, path, opened)) await removeEmptyTree(files, tree, name, work);
  } finally {
    await opened.close();
  }
  await files.removeEmpty([{ root: tree.root.directory, path }], work);
}

async function directoriesIn(files: Files, tree: Rooted, path: Buffer, opened: Directory): Promise<readonly Buffer[]> {
  const places: Place[] = (await opened.names()).map((name) => ({ root: tree.root.directory, path: join(path, name) }));
  const found = await files.inspect(places);
  return places.filter((_, at) => found[at]?.kind === 'directory').map((place) => place.path);
}

async function openIfAny({ root }: Rooted, path: Buffer): Promise<Directory | undefined> {
  try {
    return await openDirectory(root, path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
