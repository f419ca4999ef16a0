import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

export interface FileCase {
  readonly name: 'large' | 'small' | 'latency' | 'relink';
  readonly what: string;
  readonly sizes: readonly number[];
}

/** `scale` 1 is the whole work, 0.1 a tenth of it. */
export function fileCases(scale: number): readonly FileCase[] {
  const large = Math.round(512e6 * scale);
  const small = Math.round(10_000 * scale);
  return [
    { name: 'large', what: `4 files of ${Math.round(large / 1e6)} MB`, sizes: Array.from({ length: 4 }, () => large) },
    {
      name: 'small',
      what: `${small} files of 50 to 100 KB`,
      sizes: Array.from({ length: small }, (_, nr) => 50_000 + ((nr * 7919) % 50_001)),
    },
  ];
}

export function s3Cases(scale: number): readonly FileCase[] {
  const [large, small] = fileCases(scale) as [FileCase, FileCase];
  const one = Math.round(1e9 * scale);
  return [{ ...large, what: `1 file of ${Math.round(one / 1e6)} MB`, sizes: [one] }, small];
}

/** Many small files in a store that answers late: what more workers gain. */
export function latencyCase(scale: number): FileCase & { readonly delayMs: number } {
  const count = Math.round(3000 * scale);
  const sizes = Array.from({ length: count }, (_, nr) => 20_000 + ((nr * 7919) % 20_001));
  return { name: 'latency', what: `${count} files of 20 to 40 KB to a store 100 ms away`, sizes, delayMs: 100 };
}

/** Links of small files, which are led to another directory. Twice the number shows whether memory grows with it. */
export function relinkCases(scale: number): readonly FileCase[] {
  return [5_000, 10_000].map((links) => {
    const count = Math.round(links * scale);
    return { name: 'relink', what: `${count} links`, sizes: Array.from({ length: count }, () => 2_000) };
  });
}

export function rowsCase(scale: number): number {
  return Math.round(100_000 * scale);
}

export function pagesCase(scale: number): number {
  return Math.round(1_000_000 * scale);
}

export interface SourceFile {
  /** Below the source directory. */
  readonly path: string;
  readonly size: number;
  readonly sha1: string;
}

/** Writes the files of a case, a hundred per directory, as imports do in a repository. Bytes do not compress. */
export async function writeSources(directory: string, { sizes }: FileCase): Promise<readonly SourceFile[]> {
  const noise = randomBytes(1 << 20);
  const files: SourceFile[] = [];
  for (const [nr, size] of sizes.entries()) {
    const folder = `user_1/2026-01/${String(Math.floor(nr / 100)).padStart(4, '0')}`;
    if (nr % 100 === 0) await mkdir(join(directory, folder), { recursive: true });
    const path = `${folder}/image-${nr}.tif`;
    files.push({ path, size, sha1: await writeOne(join(directory, path), nr, size, noise) });
  }
  return files;
}

async function writeOne(path: string, nr: number, size: number, noise: Buffer): Promise<string> {
  const hash = createHash('sha1');
  const file = await open(path, 'wx');
  try {
    for (let done = 0; done < size;) {
      noise.writeUInt32LE(nr * 1000 + (done % 4_294_967), 0);
      const part = noise.subarray(0, Math.min(noise.length, size - done));
      await file.write(part);
      hash.update(part);
      done += part.length;
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
