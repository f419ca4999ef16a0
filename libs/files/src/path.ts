import { Refused } from '@coldroom/domain';
import { isUtf8 } from 'node:buffer';

const slash = 0x2f;
const componentLimit = 255;

/**
 * Splits a path from a database or a request into its components; throws `Refused` `PATH_NOT_ALLOWED` for anything that
 * could leave its root or that no Linux file system can hold. Paths are bytes and are never normalised.
 */
export function splitPath(path: Buffer): Buffer[] {
  const refuse = (fault: string): never => {
    throw new Refused('PATH_NOT_ALLOWED', `The path "${displayPath(path)}" is not allowed: ${fault}.`, {
      path: displayPath(path),
    });
  };
  if (path.length === 0) refuse('it is empty');
  if (path[0] === slash) refuse('it is not relative to its root');
  if (path.includes(0)) refuse('it contains a NUL byte');
  const components: Buffer[] = [];
  for (let start = 0; start <= path.length;) {
    const found = path.indexOf(slash, start);
    const end = found === -1 ? path.length : found;
    const component = path.subarray(start, end);
    if (component.length === 0) refuse('it has an empty component');
    if (component.length > componentLimit) refuse(`a component is longer than ${componentLimit} bytes`);
    if (isDots(component)) refuse('it has a "." or ".." component');
    components.push(component);
    start = end + 1;
  }
  return components;
}

/** Throws `Refused` `PATH_NOT_ALLOWED` where `splitPath` does. */
export function checkPath(path: Buffer): void {
  splitPath(path);
}

function isDots(component: Buffer): boolean {
  return component.every((byte) => byte === 0x2e) && component.length <= 2;
}

/**
 * A path for display: valid UTF-8 unchanged; control characters and invalid bytes as `\xNN`. Not reversible to a path.
 */
export function displayPath(path: Buffer): string {
  if (isUtf8(path)) return path.toString('utf8').replace(/[\p{Cc}\u2028\u2029]/gu, escaped);
  let shown = '';
  for (let start = 0; start < path.length;) {
    const length = validLength(path, start);
    const part = path.subarray(start, start + Math.max(length, 1));
    shown += length > 0 ? displayPath(part) : escapedByte(part[0]!);
    start += part.length;
  }
  return shown;
}

/** A path as a shell argument. What `displayPath` would escape is quoted for bash, zsh and ksh. */
export function quotedPath(path: Buffer): string {
  const shown = displayPath(path);
  if (isUtf8(path) && shown === path.toString('utf8')) return `'${shown.replaceAll("'", "'\\''")}'`;
  const bytes = [...path].map((byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c ? String.fromCharCode(byte) : escapedByte(byte),
  );
  return `$'${bytes.join('')}'`;
}

/** Length of the UTF-8 character at `start`, 0 where there is none. */
function validLength(path: Buffer, start: number): number {
  return (
    [1, 2, 3, 4].find((length) => start + length <= path.length && isUtf8(path.subarray(start, start + length))) ?? 0
  );
}

function escaped(character: string): string {
  return [...Buffer.from(character)].map(escapedByte).join('');
}

function escapedByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
