import { Injectable } from '@nestjs/common';
import { Imports, ownerOf, type BufferSettings } from '@coldroom/buffers';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { displayPath, Files, type Root, type Summary } from '@coldroom/files';
import { orderImport, type Actor } from '@coldroom/operations';
import { Register, type WatchedSource } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { isOnlyLeftOut } from './left-out';
import { manifestName, readManifest } from './manifest';
import { depthOf, setsAmong, type WatchedSet } from './sets';
import { layoutWish, manifestWish, type WatchWish } from './wishes';

export const watchTask = 'import watch';
const by = 'importer';
const forgetMs = 30 * 86_400_000;
const policy = { leadersDecide: false, fourEyes: false };

/** How long a set must look the same, in milliseconds. */
export class Stability {
  constructor(readonly ms: number) {}
}

/** Looks at all watched buffers once, and orders the sets that are complete. Writes nothing into a buffer. */
@Injectable()
export class WatchRound {
  constructor(
    private readonly imports: Imports,
    readonly register: Register,
    readonly files: Files,
    private readonly stability: Stability,
    private readonly log: Log,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    for (const buffer of this.imports.buffers) {
      if (!buffer.watch || stop.aborted) continue;
      try {
        await this.lookAt(buffer, stop);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('buffer not watched', { buffer: buffer.name, code, reason, next: 'it will be retried' });
      }
    }
    await this.register.imports.watched.forget(forgetMs);
  }

  private async lookAt(buffer: BufferSettings, stop: AbortSignal): Promise<void> {
    const { watch } = buffer;
    if (!watch) return;
    const root = await this.imports.root(buffer);
    const directories = await this.files.survey(buffer.directory, depthOf(watch), manifestName);
    for (const set of setsAmong(directories, watch, buffer)) {
      if (stop.aborted) return;
      try {
        await this.one(root, buffer, set);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        const source = displayPath(pathOf(buffer, set));
        this.log.warn('set not looked at', { source, code, reason, next: 'it will be retried' });
      }
    }
  }

  private async one(root: Root, buffer: BufferSettings, set: WatchedSet): Promise<void> {
    const marker = buffer.watch?.marker;
    const path = pathOf(buffer, set);
    const summary = await this.files.summarize(
      { root: buffer.directory, path: set.path },
      { marker: marker === undefined ? undefined : Buffer.from(marker) },
    );
    const { watched } = this.register.imports;
    const source = await watched.seen(path, displayPath(path), summary.look);
    if (!this.isComplete(summary, source) || !isNew(source, summary.look)) return;
    if (source.order?.state === 'emptied' && (await isOnlyLeftOut(this, root, set.path, source.order.id))) {
      await watched.ordered(path, source.order.id, summary.look);
      return;
    }
    const login = ownerOf(set.path, buffer) ?? null;
    try {
      refuseChanged(source);
      const wish = await this.wishOf(root, buffer, set);
      const reviewer = { register: this.register, policy, actor: await this.actorFor(wish.login, buffer, set) };
      const { recorded, isNew: made } = await orderImport(reviewer, this.imports, { ...wish, path, origin: 'buffer' });
      await watched.ordered(path, recorded.id, summary.look);
      if (made) this.log.info('import ordered', { import: recorded.id, source: recorded.display, by });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const fault = { look: summary.look, code: error.code, reason: error.message, login };
      if (await watched.refused(path, fault, by))
        this.log.warn('import not ordered', { source: displayPath(path), code: error.code, reason: error.message });
    }
  }

  /** The same over two looks, and over the time; with nothing that is still being written. */
  private isComplete({ files, newest, temporary, marked }: Summary, { sameForMs }: WatchedSource): boolean {
    const { ms } = this.stability;
    const sinceChange = Date.now() - Number(newest / 1_000_000n);
    const isQuiet = sameForMs > 0 && sameForMs >= ms && (sinceChange >= ms || sinceChange < 0);
    return isQuiet && files > 0 && marked && temporary === null;
  }

  private async wishOf(root: Root, buffer: BufferSettings, set: WatchedSet): Promise<WatchWish> {
    if (set.manifest) return manifestWish(await readManifest(root, set.path), set.path, buffer);
    return layoutWish(set.words ?? new Map());
  }

  /** People order as themselves. Only where the site lets manifests name anyone, the order is the service's. */
  private async actorFor(login: string, { watch }: BufferSettings, { manifest }: WatchedSet): Promise<Actor> {
    if (manifest && watch?.manifests === 'any') return { name: by, personId: null, roles: ['manager'], leads: [] };
    const person = await this.register.people.byLogin(login);
    return { name: login, personId: person?.id ?? -1n, roles: ['researcher'], leads: [] };
  }
}

function pathOf({ directory }: BufferSettings, { path }: WatchedSet): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), path]);
}

/** Whether there is anything to do: not while its order goes on, which may itself move the files, and not twice for one look. */
function isNew({ order }: WatchedSource, look: string): boolean {
  if (order === null) return true;
  return order.look !== look && ['done', 'emptied', 'cancelled'].includes(order.state);
}

/** What was imported and is still there would be imported twice. */
function refuseChanged({ order }: WatchedSource): void {
  if (order?.state !== 'done') return;
  throw new Refused(
    'IMPORT_SET_CHANGED',
    `This set was imported (import ${order.id}) and has changed since. Put new files into a directory of their own, or order them by name.`,
  );
}
