export interface ManifestEntry {
  /** Lower-case hex, by the algorithm of the manifest. */
  readonly digest: string;
  /** Relative to the directory of the manifest. */
  readonly path: Buffer;
}

const escapes = new Map([
  [0x5c, '\\\\'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
]);

/**
 * A manifest in the format of GNU sha256sum, sorted by path, so that `sha256sum -c` proves the bag without software of
 * ours. Names stay bytes, valid UTF-8 or not.
 *
 * RFC 8493 (2.1.3) writes LF, CR and `%` in names percent-encoded; sha256sum escapes backslash, LF and CR and marks the
 * line by a leading backslash: no line can satisfy both. We follow sha256sum; for all other names the two are the same.
 * (coreutils before 9.0 do not know `\r`.)
 */
export function manifest(entries: readonly ManifestEntry[]): Buffer {
  const sorted = [...entries].sort((one, other) => Buffer.compare(one.path, other.path));
  return Buffer.concat(
    sorted.flatMap(({ digest, path }) => {
      const { name, escaped } = escapedName(path);
      return [Buffer.from(`${escaped ? '\\' : ''}${digest}  `), name, Buffer.from('\n')];
    }),
  );
}

function escapedName(path: Buffer): { readonly name: Buffer; readonly escaped: boolean } {
  if (!path.some((byte) => escapes.has(byte))) return { name: path, escaped: false };
  const name = [...path].map((byte) => Buffer.from(escapes.get(byte) ?? [byte]));
  return { name: Buffer.concat(name), escaped: true };
}
