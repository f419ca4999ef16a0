/**
 * Limits of a bag (512 MiB); a larger file is a bag of its own. Small enough for the stages of one request to overlap.
 */
export const bagLimits = { files: 256, bytes: 1n << 29n } as const;

/** No name that is made for a bag is longer, in bytes. */
export const bagNameLimit = 64;

export interface Packable {
  readonly id: bigint;
  readonly fileset: string;
  readonly size: bigint;
}

export interface PackedBag<T extends Packable> {
  readonly files: readonly T[];
}

/**
 * Packs files, which arrive fileset by fileset, into bags. A fileset that fits into one bag is never split; a larger
 * one fills bags of its own. Holds at most one bag and one bag's worth of the next fileset in memory.
 */
export async function* packBags<T extends Packable>(
  files: AsyncIterable<T>,
  limits: { files: number; bytes: bigint } = bagLimits,
): AsyncGenerator<PackedBag<T>> {
  let bag: T[] = [];
  let bagBytes = 0n;
  let part: T[] = []; // of the current fileset, not yet in the bag
  let partBytes = 0n;
  const fits = (count: number, bytes: bigint): boolean => count <= limits.files && bytes <= limits.bytes;

  for await (const file of files) {
    const sameFileset = part.length > 0 && part[0]?.fileset === file.fileset;
    if (sameFileset && fits(part.length + 1, partBytes + file.size)) {
      part.push(file);
      partBytes += file.size;
      continue;
    }
    // The part is complete (next fileset) or full (the fileset is too large for one bag).
    if (part.length > 0) {
      if (bag.length > 0 && !fits(bag.length + part.length, bagBytes + partBytes)) {
        yield { files: bag };
        bag = [];
        bagBytes = 0n;
      }
      bag = bag.concat(part);
      bagBytes += partBytes;
      if (sameFileset) {
        yield { files: bag };
        bag = [];
        bagBytes = 0n;
      }
    }
    part = [file];
    partBytes = file.size;
  }
  if (bag.length > 0 && !fits(bag.length + part.length, bagBytes + partBytes)) {
    yield { files: bag };
    bag = [];
  }
  bag = bag.concat(part);
  if (bag.length > 0) yield { files: bag };
}
