import { readFile } from 'node:fs/promises';

/** The type of the file system that a path is on; empty where it cannot be found. */
export async function typeAt(realPath: string): Promise<string> {
  return (await mountAt(realPath)).type;
}

/** Where the mount of a path begins: a hard link cannot leave it. From mountinfo (see proc(5)); empty as above. */
export async function mountAt(realPath: string): Promise<{ readonly on: string; readonly type: string }> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  let [longest, type] = ['', ''];
  for (const line of lines) {
    const [before = '', after = ''] = line.split(' - ');
    const on = unescaped(before.split(' ')[4] ?? '');
    if (on !== '' && contains(on, realPath) && on.length >= longest.length)
      [longest, type] = [on, after.split(' ')[0]!];
  }
  return { on: longest, type };
}

const contains = (on: string, path: string): boolean => on === '/' || path === on || path.startsWith(`${on}/`);

/** Spaces and the like are written in octal. */
const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
