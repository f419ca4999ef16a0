import { open } from 'node:fs/promises';
import { codeOf } from '@coldroom/domain';

const mostLines = 20;
/** As the register takes it. */
const mostCharacters = 4000;
const mostBytes = 8192;

/** The end of what a program said: whole lines, unless the last one is too long. */
export function lastLines(text: string): string {
  // PostgreSQL keeps no zero bytes, and the others move cursors.
  const lines = text
    .replaceAll(/\x1b\[[0-9;]*m/g, '')
    .replaceAll(/[\0-\x08\x0b-\x1f\x7f]/g, '')
    .trimEnd()
    .split('\n');
  const kept = lines.slice(-mostLines);
  while (kept.length > 1 && kept.join('\n').length > mostCharacters) kept.shift();
  return kept.join('\n').slice(-mostCharacters);
}

/** The same of a log of ours, which has no secrets; undefined where it cannot be read. */
export async function lastLinesOf(log: string): Promise<string | undefined> {
  try {
    await using file = await open(log, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - mostBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, start);
    const text = buffer.subarray(0, bytesRead).toString();
    return lastLines(start === 0 ? text : text.slice(text.indexOf('\n') + 1));
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EIO', 'ESTALE'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
