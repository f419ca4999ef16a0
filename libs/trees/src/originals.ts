import { join } from 'node:path';
import { rootNames, type ArchiveFile, type RootName } from '@coldroom/domain';
import { openRoot, type Root } from '@coldroom/files';

/** OMERO's trees on this machine. A missing tree is an error only for callers that need it. */
export class Originals {
  private readonly roots = new Map<RootName, Promise<Root>>();

  constructor(private readonly dataDir: string) {}

  directory(name: RootName): string {
    return join(this.dataDir, name);
  }

  directories(): readonly string[] {
    return rootNames.map((name) => this.directory(name));
  }

  /** The root with its marker read again; `Transient` `ROOT_UNAVAILABLE` if it is not mounted. */
  async root(name: RootName): Promise<Root> {
    const known = this.roots.get(name);
    if (known) {
      const root = await known;
      await root.check();
      return root;
    }
    const opened = openRoot(this.directory(name), name);
    this.roots.set(name, opened);
    opened.catch(() => this.roots.delete(name));
    return opened;
  }

  /** Makes sure that the trees of these files are mounted. */
  async check(files: readonly Pick<ArchiveFile, 'root'>[]): Promise<void> {
    for (const name of new Set(files.map((file) => file.root))) await this.root(name);
  }
}
