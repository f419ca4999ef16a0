import { isUtf8 } from 'node:buffer';
import type { BufferSettings } from './settings';

/**
 * The directories of a buffer that a person may see, relative to it; empty for the whole buffer. A login that is not one
 * name of a file has no directory of its own.
 */
export function seenBy(
  login: string,
  { access, shared }: Pick<BufferSettings, 'access' | 'shared'>,
): readonly Buffer[] {
  const own = isName(login) ? [Buffer.from(access.replaceAll('{login}', login))] : [];
  return [...own, ...shared.map((path) => Buffer.from(path === '.' ? '' : path))];
}

function isName(login: string): boolean {
  const bytes = Buffer.from(login);
  return bytes.toString() === login && isUtf8(bytes) && !['', '.', '..'].includes(login) && !/[/\0]/.test(login);
}
