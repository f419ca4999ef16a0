import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type Identity, type RootName } from '@coldroom/domain';
import { identify, openDirectory, openRoot, typeOf, type Directory, type Root } from '@coldroom/files';

/** What is at the path that an archived file had. */
export type Standing =
  | { readonly kind: 'our-link' | 'missing' }
  | { readonly kind: 'file'; readonly identity: Identity }
  | { readonly kind: 'other'; readonly what: string };

export interface Wanted {
  readonly root: RootName;
  readonly path: Buffer;
  /** The target that Coldroom's link must have, byte for byte. */
  readonly target: Buffer;
}

/**
 * Looks at the paths of originals without following a link. A tree that is not mounted is `Transient`
 * `ROOT_UNAVAILABLE`: its files are not missing.
 */
export class OriginalPaths {
  private readonly roots = new Map<RootName, Promise<Root>>();

  constructor(private readonly dataDir: string) {}

  /** One answer for each path, in the order given; each directory is opened once if its files are adjacent. */
  async look(files: readonly Wanted[]): Promise<readonly Standing[]> {
    const found: Standing[] = [];
    let open: { readonly key: string; readonly directory: Directory | Standing } | undefined;
    try {
      for (const file of files) {
        const parent = file.path.subarray(0, Math.max(file.path.lastIndexOf('/'), 0));
        const key = `${file.root}/${parent.toString('latin1')}`;
        if (open?.key !== key) {
          await close(open?.directory);
          open = undefined;
          open = { key, directory: await this.directory(file.root, parent) };
        }
        found.push('kind' in open.directory ? open.directory : await lookAt(open.directory, file));
      }
    } finally {
      await close(open?.directory);
    }
    return found;
  }

  private async directory(name: RootName, path: Buffer): Promise<Directory | Standing> {
    const root = await this.root(name);
    try {
      return await openDirectory(root, path);
    } catch (error) {
      if (codeOf(error) === 'PARENT_NOT_A_DIRECTORY')
        return { kind: 'other', what: 'a link or a file is in the place of a directory on the way' };
      if (codeOf(error) !== 'ENOENT') throw error;
      await root.check(); // an unmounted root says nothing about its contents
      return { kind: 'missing' };
    }
  }

  private async root(name: RootName): Promise<Root> {
    const known = this.roots.get(name) ?? openRoot(join(this.dataDir, name), name);
    this.roots.set(name, known);
    return known;
  }
}

async function lookAt(directory: Directory, { path, target }: Wanted): Promise<Standing> {
  const at = directory.at(path.subarray(path.lastIndexOf('/') + 1));
  const identity = await identify(at);
  if (identity === null) return { kind: 'missing' };
  switch (typeOf(identity.mode)) {
    case 'file':
      return { kind: 'file', identity };
    case 'link':
      return (await readlink(at, { encoding: 'buffer' })).equals(target)
        ? { kind: 'our-link' }
        : { kind: 'other', what: 'a link to somewhere else is there' };
    case 'directory':
      return { kind: 'other', what: 'a directory is there' };
    case 'other':
      return { kind: 'other', what: 'a device or socket is there' };
  }
}

async function close(directory: Directory | Standing | undefined): Promise<void> {
  if (directory && !('kind' in directory)) await directory.close();
}
