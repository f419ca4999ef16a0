import { createHash } from 'node:crypto';

/** A file with sections, as the parser of Python's library writes it. Values are not escaped. */
export function sections(parts: Readonly<Record<string, readonly (readonly [key: string, value: string])[]>>): Buffer {
  const lines = Object.entries(parts).map(
    ([name, pairs]) =>
      `[${name}]\n${pairs.map(([key, value]) => `${key} = ${value.replaceAll('\n', '\n\t')}\n`).join('')}\n`,
  );
  return Buffer.from(lines.join(''));
}

/** The checksums as the tool recorded them: Adler-32 as a decimal number. */
export function checksums(content: Buffer): {
  readonly md5: string;
  readonly sha256: string;
  readonly adler32: string;
} {
  const of = (name: string): string => createHash(name).update(content).digest('hex');
  return { md5: of('md5'), sha256: of('sha256'), adler32: String(adler32(content)) };
}

function adler32(content: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of content) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}
