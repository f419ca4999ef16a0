import { Refused } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { ManifestEntry, NameForm } from './manifest';

const newline = 0x0a;
const backslash = 0x5c;
const percent = 0x25;
const escaped = new Map([
  [0x5c, 0x5c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
]);
const encoded = new Map([
  ['0A', 0x0a],
  ['0D', 0x0d],
  ['25', 0x25],
]);

/**
 * Reads what `manifest` writes in this form: a digest, two characters, a name. By sha256sum's rules a leading backslash
 * means that `\\`, `\n` and `\r` in the name are escapes; by RFC 8493 `%0A`, `%0D` and `%25` are, and a backslash is
 * itself. `Refused` `TAG_NOT_UNDERSTOOD` for anything else, also if the last line does not end: a truncated file must not
 * pass for a shorter one. Does not check where names lead.
 * @param digestLength in hex digits, by default that of SHA-256
 */
export function parseManifest(
  content: Buffer,
  name: string,
  form: NameForm,
  digestLength = 64,
): readonly ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  for (let start = 0; start < content.length;) {
    const end = content.indexOf(newline, start);
    const fault = (text: string): Refused => notUnderstood(name, entries.length + 1, text);
    if (end === -1) throw fault('the line does not end');
    entries.push(entryOf(content.subarray(start, end), form, digestLength, fault));
    start = end + 1;
  }
  return entries;
}

type Fault = (text: string) => Refused;

function entryOf(line: Buffer, form: NameForm, length: number, fault: Fault): ManifestEntry {
  const isEscaped = form === 'sha256sum' && line[0] === backslash;
  const rest = line.subarray(isEscaped ? 1 : 0);
  const head = rest.subarray(0, length + 2).toString('latin1');
  if (head.length !== length + 2 || !/^[0-9a-fA-F]+ [ *]$/.test(head))
    throw fault(`it does not start with a digest: "${displayPath(line.subarray(0, 80))}"`);
  const path = rest.subarray(length + 2);
  return { digest: head.slice(0, length).toLowerCase(), path: pathIn(path, form, isEscaped, fault) };
}

function pathIn(written: Buffer, form: NameForm, isEscaped: boolean, fault: Fault): Buffer {
  if (form === 'RFC 8493') return decoded(written, fault);
  return isEscaped ? unescaped(written, fault) : Buffer.from(written);
}

function unescaped(path: Buffer, fault: Fault): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < path.length; at += 1) {
    const byte = path[at]!;
    const plain = byte === backslash ? escaped.get(path[(at += 1)] ?? -1) : byte;
    if (plain === undefined) throw fault('it has an escape that sha256sum does not write');
    bytes.push(plain);
  }
  return Buffer.from(bytes);
}

function decoded(path: Buffer, fault: Fault): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < path.length; at += 1) {
    let byte = path[at];
    if (byte === percent) {
      byte = encoded.get(path.toString('latin1', at + 1, at + 3).toUpperCase());
      if (byte === undefined) throw fault('it has a percent sign that is not one of %0A, %0D and %25');
      at += 2;
    }
    bytes.push(byte!);
  }
  return Buffer.from(bytes);
}

function notUnderstood(name: string, nr: number, fault: string): Refused {
  return new Refused('TAG_NOT_UNDERSTOOD', `${name}, line ${nr}: ${fault}.`);
}
