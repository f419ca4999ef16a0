import { readFile } from 'node:fs/promises';

/** The type of the file system that a path is on, from mountinfo (see proc(5)); empty where it cannot be found. */
export async function typeAt(realPath: string): Promise<string> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  let [longest, type] = ['', ''];
  for (const line of lines) {
    const [before = '', after = ''] = line.split(' - ');
    const on = unescaped(before.split(' ')[4] ?? '');
    if (on !== '' && contains(on, realPath) && on.length >= longest.length)
      [longest, type] = [on, after.split(' ')[0]!];
  }
  return type;
}

const contains = (on: string, path: string): boolean => on === '/' || path === on || path.startsWith(`${on}/`);

/** Spaces and the like are written in octal. */
const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
