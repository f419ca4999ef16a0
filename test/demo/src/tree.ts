import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

/** What is at a path of OMERO's data directory. Paths and targets are base64, since names are bytes. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'directory' | 'other';
  readonly sha256?: string;
  readonly target?: string;
  readonly inode: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Everything below a directory except our own files, in no order. Links are not followed. */
export async function* walk(root: string, below: Buffer = Buffer.alloc(0)): AsyncGenerator<Entry> {
  const directory = await opendir(Buffer.concat([Buffer.from(`${root}/`), below]), {
    encoding: 'buffer' as BufferEncoding,
  });
  for await (const found of directory) {
    const name = found.name as unknown as Buffer;
    if (name.toString().startsWith('.coldroom')) continue;
    const path = below.length > 0 ? Buffer.concat([below, Buffer.from('/'), name]) : name;
    const entry = await entryAt(root, path);
    yield entry;
    if (entry.kind === 'directory') yield* walk(root, path);
  }
}

export async function entryAt(root: string, path: Buffer): Promise<Entry> {
  const full = Buffer.concat([Buffer.from(`${root}/`), path]);
  const stats = await lstat(full, { bigint: true });
  const kind = stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'directory' : 'other';
  return {
    path: path.toString('base64'),
    kind,
    inode: String(stats.ino),
    size: String(stats.size),
    mtimeNs: String(stats.mtimeNs),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    ...(kind === 'file' ? { sha256: await sha256(full) } : {}),
    ...(kind === 'link' ? { target: (await readlink(full, { encoding: 'buffer' })).toString('base64') } : {}),
  };
}

/** Reads a path as OMERO would, through links. */
export async function sha256(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Writes the state of the tree, one JSON line per entry; nothing is kept in memory. */
export async function writeTree(root: string, file: string): Promise<void> {
  const out = createWriteStream(file);
  for await (const entry of walk(root)) if (!out.write(`${JSON.stringify(entry)}\n`)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
}

export async function* readTree(file: string): AsyncGenerator<Entry> {
  for await (const line of createInterface({ input: createReadStream(file) })) yield JSON.parse(line) as Entry;
}
