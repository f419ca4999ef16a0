import { Refused } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { ManifestEntry } from './manifest';

const newline = 0x0a;
const backslash = 0x5c;
const escaped = new Map([
  [0x5c, 0x5c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
]);

/**
 * Reads what `manifest` writes, and anything else that GNU sha256sum would accept: a digest, two characters, a name; a
 * leading backslash means that `\\`, `\n` and `\r` in the name are escapes. `Refused` `TAG_NOT_UNDERSTOOD` for anything
 * else, also if the last line does not end: a truncated file must not pass for a shorter one. Does not check where
 * names lead.
 * @param digestLength in hex digits, by default that of SHA-256
 */
export function parseManifest(content: Buffer, name: string, digestLength = 64): readonly ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  for (let start = 0; start < content.length;) {
    const end = content.indexOf(newline, start);
    if (end === -1) throw notUnderstood(name, entries.length + 1, 'the line does not end');
    entries.push(entryOf(content.subarray(start, end), name, entries.length + 1, digestLength));
    start = end + 1;
  }
  return entries;
}

function entryOf(line: Buffer, name: string, nr: number, length: number): ManifestEntry {
  const isEscaped = line[0] === backslash;
  const rest = line.subarray(isEscaped ? 1 : 0);
  const head = rest.subarray(0, length + 2).toString('latin1');
  if (head.length !== length + 2 || !/^[0-9a-fA-F]+ [ *]$/.test(head))
    throw notUnderstood(name, nr, `it does not start with a digest: "${displayPath(line.subarray(0, 80))}"`);
  const path = rest.subarray(length + 2);
  return {
    digest: head.slice(0, length).toLowerCase(),
    path: isEscaped ? unescaped(path, name, nr) : Buffer.from(path),
  };
}

function unescaped(path: Buffer, name: string, nr: number): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < path.length; at += 1) {
    const byte = path[at]!;
    const plain = byte === backslash ? escaped.get(path[(at += 1)] ?? -1) : byte;
    if (plain === undefined) throw notUnderstood(name, nr, 'it has an escape that sha256sum does not write');
    bytes.push(plain);
  }
  return Buffer.from(bytes);
}

function notUnderstood(name: string, nr: number, fault: string): Refused {
  return new Refused('TAG_NOT_UNDERSTOOD', `${name}, line ${nr}: ${fault}.`);
}
