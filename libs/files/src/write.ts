import { writeSync } from 'node:fs';
import { startWriteback } from './native';

const zeros = Buffer.alloc(64 * 1024);

/** Writes all of a piece; `beforeChange` is called before each write. */
export function writeWhole(fd: number, piece: Uint8Array, position: number, beforeChange: () => void): void {
  for (let done = 0; done < piece.length;) {
    beforeChange();
    done += writeSync(fd, piece, done, piece.length - done, position + done); // shortly before a disk is full
  }
  startWriteback(fd, position, piece.length);
}

/** As `writeWhole`, but leaves holes where a whole block is zero. The file must be given its length at the end. */
export function writeSparse(fd: number, piece: Uint8Array, position: number, beforeChange: () => void): void {
  const content = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  let start = 0; // of the run of blocks that have content
  for (let at = 0; at < content.length; at += zeros.length) {
    const block = content.subarray(at, at + zeros.length);
    if (!block.equals(zeros.subarray(0, block.length))) continue;
    writeWhole(fd, content.subarray(start, at), position + start, beforeChange);
    start = at + block.length;
  }
  writeWhole(fd, content.subarray(start), position + start, beforeChange);
}
