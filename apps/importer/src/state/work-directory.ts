import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';

const aliveName = 'alive';
/** Host, number of the process, and a part by chance: in containers, all of them have the same number. */
const namePattern = /^[\w.-]+-\d+(?:-[0-9a-f]{16})?$/;

export interface WorkLimits {
  /** After how long without a sign of life a process counts as dead, in milliseconds. */
  readonly deadMs: number;
  /** The same for a directory that never had signs of life: an older version made it. */
  readonly unsignedMs: number;
}

/**
 * The directory of this process below `<state>/work`, in which `omero` keeps files of sessions, with their keys. While the
 * process lives, it signs the directory; those of dead ones are removed by any importer. Times are those of the file system,
 * which several machines may share.
 */
export class WorkDirectory {
  readonly path: string;
  private readonly all: string;

  constructor(stateDir: string) {
    this.all = join(stateDir, 'work');
    this.path = join(this.all, `${hostname()}-${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** A sign of life. Says what time it is for the file system, in milliseconds. */
  async sign(): Promise<number> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const alive = join(this.path, aliveName);
    await writeFile(alive, `${process.pid}\n`);
    return (await stat(alive)).mtimeMs;
  }

  /** At the end of the process. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Removes the directories of processes that are dead, and of no others. Returns their names. */
  async removeDead({ deadMs, unsignedMs }: WorkLimits): Promise<readonly string[]> {
    const now = await this.sign();
    const removed: string[] = [];
    for (const name of await readdir(this.all)) {
      const path = join(this.all, name);
      if (path === this.path || !namePattern.test(name) || !(await isOurDirectory(path))) continue;
      const signed = await timeOf(join(path, aliveName));
      const isDead = signed === undefined ? now - (await newestBelow(path)) > unsignedMs : now - signed > deadMs;
      if (!isDead) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(name);
    }
    return removed;
  }
}

async function isOurDirectory(path: string): Promise<boolean> {
  const found = await lstat(path).catch(undefinedIfGone);
  return found !== undefined && found.isDirectory() && found.uid === process.geteuid!();
}

async function timeOf(path: string): Promise<number | undefined> {
  return (await lstat(path).catch(undefinedIfGone))?.mtimeMs;
}

/** When anything in a directory was changed last, or now if something is gone meanwhile: someone works there. */
async function newestBelow(path: string): Promise<number> {
  let newest = (await timeOf(path)) ?? Infinity;
  for (const name of await readdir(path, { recursive: true }))
    newest = Math.max(newest, (await timeOf(join(path, name))) ?? Infinity);
  return newest;
}

export function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
  return undefined;
}
