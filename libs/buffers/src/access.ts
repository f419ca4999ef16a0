import { isUtf8 } from 'node:buffer';
import { isWithin } from './places';
import type { BufferSettings } from './settings';

/**
 * The directories of a buffer that a person may see, relative to it; empty for the whole buffer. A login that is not one
 * name of a file has no directory of its own.
 */
export function seenBy(
  login: string,
  { access, shared }: Pick<BufferSettings, 'access' | 'shared'>,
): readonly Buffer[] {
  const own = isName(login) ? [Buffer.from(access.replaceAll('{login}', () => login))] : [];
  return [...own, ...shared.map((path) => Buffer.from(path === '.' ? '' : path))];
}

function isName(login: string): boolean {
  const bytes = Buffer.from(login);
  return bytes.toString() === login && isUtf8(bytes) && !['', '.', '..'].includes(login) && !/[/\0]/.test(login);
}

/** Whose directory a path below a buffer is in; undefined where it is in none of a single person, or in a shared one. */
export function ownerOf(
  path: Buffer,
  { access, shared }: Pick<BufferSettings, 'access' | 'shared'>,
): string | undefined {
  if (shared.some((place) => place !== '.' && isWithin(path, Buffer.from(place)))) return undefined;
  const depth = access.split('/').length;
  const names = path.toString('latin1').split('/').slice(0, depth);
  const own = Buffer.from(names.join('/'), 'latin1').toString();
  let at = 0;
  const form = access
    .split('{login}')
    .map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
    .join('{login}')
    .replaceAll('{login}', () => (at++ === 0 ? '([^/]+)' : '\\1'));
  const login = new RegExp(`^${form}$`, 'u').exec(own)?.[1];
  if (login === undefined) return undefined;
  return seenBy(login, { access, shared: [] }).some((seen) => seen.equals(path.subarray(0, seen.length)))
    ? login
    : undefined;
}

/**
 * Whose personal directory a path of a buffer is, or contains, by its form alone: there need not be such a person.
 * `everyone` where it contains those of all; undefined where it contains none.
 */
export function personalIn(
  path: Buffer,
  { access }: Pick<BufferSettings, 'access'>,
): { readonly login: string } | 'everyone' | undefined {
  const parts = access.split('/');
  const names = path.toString().split('/');
  if (names.length > parts.length) return undefined;
  const logins = new Set<string>();
  for (const [at, name] of names.entries()) {
    const [before = '', ...after] = (parts[at] ?? '').split('{login}');
    if (after.length === 0 && name === before) continue;
    const login = after.length === 0 ? '' : name.slice(before.length, name.length - (after.at(-1) ?? '').length);
    if (login === '' || (parts[at] ?? '').replaceAll('{login}', () => login) !== name) return undefined;
    logins.add(login);
  }
  const [login, ...others] = logins;
  if (login === undefined) return 'everyone';
  return others.length === 0 ? { login } : undefined;
}
