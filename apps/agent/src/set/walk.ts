import { createHash } from 'node:crypto';
import { Refused } from '@coldroom/domain';
import { joined, lookAt, namesIn, shown, type LocalPath, type Look } from '../local-path';

export interface FoundFile {
  /** Below the set. */
  readonly path: Buffer;
  readonly look: Look;
}

const slash = Buffer.from('/');

/**
 * All files of a set by the bytes of their paths, one by one. `Refused` `SET_ENTRY_KIND` for a symbolic link, a device or the
 * like: none is followed or left out.
 */
export async function* filesOf(set: LocalPath, below = Buffer.alloc(0)): AsyncGenerator<FoundFile> {
  const directory = below.length === 0 ? set : joined(set, below);
  if ((await lookAt(directory))?.kind !== 'directory')
    throw new Refused(
      'SET_ENTRY_KIND',
      `${shown(directory)} is no directory, or a link to one. Name the directory itself.`,
    );
  const entries = [];
  for (const name of await namesIn(directory)) {
    const path = below.length === 0 ? name : Buffer.concat([below, slash, name]);
    const look = await lookAt(joined(set, path));
    if (!look) continue;
    if (look.kind === 'other')
      throw new Refused(
        'SET_ENTRY_KIND',
        `${shown(joined(set, path))} is neither a file nor a directory. Nothing of the set is sent: remove it, or replace it with what it leads to.`,
      );
    entries.push({ path, look, order: look.kind === 'directory' ? Buffer.concat([path, slash]) : path });
  }
  for (const { path, look } of entries.toSorted((one, other) => Buffer.compare(one.order, other.order)))
    if (look.kind === 'directory') yield* filesOf(set, path as Buffer<ArrayBuffer>);
    else yield { path, look };
}

/** How a set looks: a digest over names, sizes and times. Nothing is read. */
export async function lookOf(
  set: LocalPath,
): Promise<{ readonly look: string; readonly files: number; readonly bytes: bigint }> {
  const digest = createHash('sha256');
  let [files, bytes] = [0, 0n];
  for await (const { path, look } of filesOf(set)) {
    digest.update(`${look.size} ${look.mtimeNs} ${path.toString('hex')}\n`);
    files += 1;
    bytes += look.size;
  }
  return { look: digest.digest('hex'), files, bytes };
}
