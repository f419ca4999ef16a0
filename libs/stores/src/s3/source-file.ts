import type { Identity } from '@coldroom/domain';
import { changed, checkUnchanged, dropCache, openFile, type OpenFile, type Trees } from '@coldroom/files';
import { createHash } from 'node:crypto';
import { closeSync, read } from 'node:fs';
import { promisify } from 'node:util';

const readAt = promisify(read);
const pieceBytes = 1024 * 1024;
/** A larger file would evict other files from the page cache. */
const cachedBytes = 1024n * 1024n * 1024n;

/** A source that is read in pieces, several at a time; see `openFile` for what it refuses. */
export class SourceFile {
  private constructor(private readonly file: OpenFile) {}

  static open(trees: Trees, root: string, path: Buffer, identity: Identity): SourceFile {
    return new SourceFile(openFile(trees.at(root), path, 'cached', identity));
  }

  /**
   * Fills a buffer from this position, and returns its SHA-256; an earlier end of the file is `Refused`
   * `SOURCE_CHANGED`.
   */
  async read(position: number, content: Buffer): Promise<Buffer> {
    const { length } = content;
    const hash = createHash('sha256');
    for (let done = 0; done < length;) {
      const { bytesRead } = await readAt(
        this.file.fd,
        content,
        done,
        Math.min(pieceBytes, length - done),
        position + done,
      );
      if (bytesRead === 0)
        throw changed(this.file.path, `it ended at ${position + done} of ${this.file.identity.size} bytes`);
      hash.update(content.subarray(done, done + bytesRead)); // piece by piece: other requests continue in between
      done += bytesRead;
    }
    if (this.file.identity.size > cachedBytes) dropCache(this.file.fd);
    return hash.digest();
  }

  /** `Refused` `SOURCE_CHANGED` if it was changed since it was opened. */
  checkUnchanged(): void {
    checkUnchanged(this.file);
  }

  close(): void {
    closeSync(this.file.fd);
  }
}

/** A source as it was when it was read: kept with its copy, which belongs to no other. */
export function sourceWord({ dev, ino, size, mtimeNs, ctimeNs }: Identity): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
