export interface ManifestEntry {
  /** Lower-case hex, by the algorithm of the manifest. */
  readonly digest: string;
  /** Relative to the directory of the manifest. */
  readonly path: Buffer;
}

/**
 * How a bag's manifests write names. Bags are written by RFC 8493; earlier ones follow GNU sha256sum,
 * and are read by its rules.
 */
export type NameForm = 'RFC 8493' | 'sha256sum';

const escapes: Readonly<Record<NameForm, ReadonlyMap<number, string>>> = {
  'RFC 8493': new Map([
    [0x0a, '%0A'],
    [0x0d, '%0D'],
    [0x25, '%25'],
  ]),
  sha256sum: new Map([
    [0x5c, '\\\\'],
    [0x0a, '\\n'],
    [0x0d, '\\r'],
  ]),
};

/**
 * A manifest sorted by path. RFC 8493 (2.1.3) percent-encodes LF, CR and `%` in names, and nothing else. sha256sum
 * escapes backslash, LF and CR, and marks such a line by a leading backslash (coreutils before 9.0 do not know `\r`).
 * A line with a literal backslash that is not its first byte is the same name for both. Names stay bytes, valid UTF-8
 * or not.
 */
export function manifest(entries: readonly ManifestEntry[], form: NameForm): Buffer {
  const sorted = [...entries].sort((one, other) => Buffer.compare(one.path, other.path));
  return Buffer.concat(
    sorted.flatMap(({ digest, path }) => {
      const marked = form === 'sha256sum' && needsEscapes(path, form);
      return [Buffer.from(`${marked ? '\\' : ''}${digest}  `), written(path, form), Buffer.from('\n')];
    }),
  );
}

/** Whether `sha256sum -c` would look for another file than the one that this manifest by RFC 8493 means. */
export function misleadsSha256sum(entries: readonly ManifestEntry[]): boolean {
  return entries.some(({ path }) => needsEscapes(path, 'RFC 8493'));
}

function needsEscapes(path: Buffer, form: NameForm): boolean {
  return path.some((byte) => escapes[form].has(byte));
}

function written(path: Buffer, form: NameForm): Buffer {
  if (!needsEscapes(path, form)) return path;
  return Buffer.concat([...path].map((byte) => Buffer.from(escapes[form].get(byte) ?? [byte])));
}
