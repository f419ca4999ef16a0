import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, NotYet } from '@coldroom/domain';
import type { AdoptionFinding } from './findings';
import type { OlderArchive } from './older-archive';

const programs = /process_archive_images\.py|archive_to_(file|arkivum)\.py|omero_to_(file|arkivum)\.sh/;

/** `NotYet` `OLDER_TOOL_RUNS` while a process that a PID file names is alive; PID files that are left are findings. */
export async function refuseWhileToolRuns(archive: OlderArchive): Promise<readonly AdoptionFinding[]> {
  const left: AdoptionFinding[] = [];
  for (const { file, pid } of await archive.processes()) {
    if (isAlive(pid))
      throw new NotYet(
        'OLDER_TOOL_RUNS',
        `The older tool is at work: process ${pid}, by ${file}. Wait until it has ended, and remove its lines from cron.`,
        { pid, file },
      );
    left.push({ code: 'PID_FILE_LEFT', where: 'Job', what: file });
  }
  return left;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH'; // a process of another user is alive
  }
}

/** Where cron keeps its lines on the systems that OMERO runs on. */
export const cronPlaces = [
  '/etc/crontab',
  '/etc/cron.d',
  '/etc/cron.daily',
  '/var/spool/cron',
  '/var/spool/cron/crontabs',
];

/** Lines of cron that run the older tool. What cannot be read is left out: only root may read all of it. */
export async function cronLines(places: readonly string[]): Promise<readonly AdoptionFinding[]> {
  const found: AdoptionFinding[] = [];
  for (const place of places) {
    const names = await readdir(place).catch(() => undefined); // a file, or not ours to read
    for (const file of names ? names.map((name) => join(place, name)) : [place]) {
      const text = await readFile(file, 'utf8').catch(() => '');
      for (const line of text.split('\n'))
        if (programs.test(line) && !line.trim().startsWith('#'))
          found.push({ code: 'CRON_LINE', where: file, what: line.trim() });
    }
  }
  return found;
}
