import { createHash } from 'node:crypto';

/** Paths that were seen, by a part of their SHA-256: millions of them fit into memory. */
export class NamedPaths {
  private readonly seen = new Set<string>();

  /** False if it was seen before. */
  add(path: Buffer): boolean {
    const before = this.seen.size;
    this.seen.add(keyOf(path));
    return this.seen.size > before;
  }

  has(path: Buffer): boolean {
    return this.seen.has(keyOf(path));
  }
}

const keyOf = (path: Buffer): string => createHash('sha256').update(path).digest().toString('latin1', 0, 12);
