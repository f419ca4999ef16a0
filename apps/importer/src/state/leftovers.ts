import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Register } from '@coldroom/register';
import { undefinedIfGone, WorkDirectory } from './work-directory';

const hour = 3_600_000;
const namesAtOnce = 500;
const keyPattern = /^(\d{1,18})$/;
const logPattern = /^\d{1,18}-(\d{1,18})\.log$/;

export interface LeftoverSettings {
  readonly stateDir: string;
  /** After this time OMERO has ended any session, in milliseconds. */
  readonly sessionMs: number;
  /** How long logs of attempts are kept, in milliseconds. */
  readonly logsMs: number;
}

/**
 * Removes what importers that are gone have left in their state directory: files of `omero`, keys of sessions that are
 * closed, and old logs. What a live importer may need stays, wherever it runs.
 */
export class Leftovers {
  constructor(
    private readonly register: Register,
    private readonly work: WorkDirectory,
    private readonly settings: LeftoverSettings,
  ) {}

  async remove(): Promise<void> {
    const { sessionMs, logsMs, stateDir } = this.settings;
    await this.work.removeDead({ deadMs: hour, unsignedMs: sessionMs + 24 * hour });
    const now = await this.work.sign();
    // A key is kept before its attempt is in the register: one without an attempt may be of this very moment.
    await this.removeOf(join(stateDir, 'sessions'), keyPattern, (isKnown, changed) =>
      isKnown ? true : now - changed > sessionMs + hour,
    );
    await this.removeOf(join(stateDir, 'logs'), logPattern, (_, changed) => now - changed > logsMs);
  }

  /** Files with the number of a session in their names, unless its attempt is under way. */
  private async removeOf(
    directory: string,
    pattern: RegExp,
    isOver: (isKnown: boolean, changedMs: number) => boolean,
  ): Promise<void> {
    const names = (await readdir(directory).catch(undefinedIfGone)) ?? [];
    const files = names.flatMap((name) => {
      const session = pattern.exec(name)?.[1];
      return session === undefined ? [] : [{ path: join(directory, name), session: BigInt(session) }];
    });
    for (let start = 0; start < files.length; start += namesAtOnce) {
      const batch = files.slice(start, start + namesAtOnce);
      const attempts = await this.register.imports.attempts.bySession(batch.map(({ session }) => session));
      for (const { path, session } of batch) {
        const found = await lstat(path).catch(undefinedIfGone);
        if (!found?.isFile() || attempts.get(session) === 'open') continue;
        if (isOver(attempts.has(session), found.mtimeMs)) await rm(path, { force: true });
      }
    }
  }
}
