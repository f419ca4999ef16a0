import { codeOf, consequencesOf, type FileSystemLook, type RootUse } from '@coldroom/domain';
import { isFull, KeptLook, openRoot, refuseLacks, type Root } from '@coldroom/files';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import type { Stores } from '@coldroom/stores';
import { HoldDirectories } from '@coldroom/trees';
import { Injectable } from '@nestjs/common';

/** Refuses file systems that cannot do what this service needs, and keeps in the register how they were found. */
@Injectable()
export class FileSystems {
  private readonly holdLooks = new Map<string, KeptLook>();
  private readonly recorded = new Set<FileSystemLook>();
  private readonly warned = new Set<string>();

  constructor(
    private readonly register: Register,
    private readonly holds: HoldDirectories,
    private readonly log: Log,
  ) {}

  /** For the service that holds originals by hard links and places links. `Refused` `FILE_SYSTEM_UNABLE`. */
  async checkHolds(): Promise<void> {
    for (const path of this.holds.paths) {
      const kept = this.holdLooks.get(path) ?? new KeptLook(Buffer.alloc(0));
      this.holdLooks.set(path, kept);
      const look = await this.holdLook(kept, await openRoot(path, 'hold'));
      if (look) await this.checkHold(kept, look);
    }
  }

  /** Undefined where the disk is full: freeing space on it, and putting originals back, must go on. */
  private async holdLook(kept: KeptLook, root: Root): Promise<FileSystemLook | undefined> {
    try {
      return await kept.take(root);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.log.warn('file system not tried', {
        directory: root.directory,
        code: codeOf(error),
        next: 'free space on it; it will be tried again',
      });
      return undefined;
    }
  }

  private async checkHold(kept: KeptLook, look: FileSystemLook): Promise<void> {
    await this.record('hold', look);
    try {
      refuseLacks('hold', 'hold', look);
    } catch (error) {
      kept.forget();
      throw error;
    }
  }

  /** Of stores that were just checked, also of those that were refused. */
  async recordStores(stores: Stores): Promise<void> {
    for (const store of stores.all) {
      for (const look of store.fileSystems ?? []) await this.record('store', look);
      this.warnOfNames(store.name, (store.namesNotKept ?? []).join(', '));
    }
  }

  /** Once for each answer. */
  private warnOfNames(store: string, names: string): void {
    if (names === '' || this.warned.has(`${store}: ${names}`)) return;
    this.warned.add(`${store}: ${names}`);
    this.log.warn('store does not keep all names', {
      store,
      names,
      next: 'files with such names get stuck (NAME_NOT_KEPT); the others of their bag are archived',
    });
  }

  private async record(use: RootUse, look: FileSystemLook): Promise<void> {
    if (this.recorded.has(look)) return;
    const known = await this.register.fileSystemLooks.record(use, look);
    this.recorded.add(look);
    for (const { ability, weight, text } of consequencesOf(use, known))
      if (weight === 'warning')
        this.log.warn('file system lacks an ability', {
          directory: look.directory,
          type: look.type,
          ability,
          next: text,
        });
  }
}
