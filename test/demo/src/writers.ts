import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Writer {
  readonly pid: number;
  readonly program: string;
  /** The files that it has open for writing. */
  readonly files: readonly string[];
}

const accessMode = 3; // of open(2); 0 means read-only

/**
 * Other processes that have a file below these directories open for writing, as far as we can see them. None if the
 * system has no /proc. A shell in such a directory, or a pager that shows a log, is not a writer.
 */
export async function writersBelow(directories: readonly string[]): Promise<readonly Writer[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const writers: Writer[] = [];
  for (const pid of pids) {
    const files: string[] = [];
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const file = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (directories.some((directory) => file.startsWith(`${directory}/`)) && (await writes(pid, fd)))
        files.push(file);
    }
    if (files.length > 0) writers.push({ pid, program: await programOf(pid), files });
  }
  return writers;
}

async function writes(pid: number, fd: string): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'latin1').catch(() => '');
  const [, flags = '0'] = /^flags:\s*([0-7]+)/m.exec(info) ?? [];
  return (Number.parseInt(flags, 8) & accessMode) !== 0;
}

async function programOf(pid: number): Promise<string> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
  return words.split('\0')[0]?.split('/').at(-1) || `process ${pid}`;
}
