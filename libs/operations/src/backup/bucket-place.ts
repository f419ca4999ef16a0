import { createHash } from 'node:crypto';
import { crashPoint } from '@coldroom/domain';
import type { OpenedFolder } from '@coldroom/stores';
import { checksumName, checksumText, ownerName, ownerText, parseDump, sha256In } from './names';
import type { BackupPlace, Written } from './place';
import { damaged } from './place-failures';

/** A folder of an S3 bucket. An object appears as a whole or not at all, and the server checked each part's SHA-256. */
export class BucketPlace implements BackupPlace {
  readonly kind = 'bucket';
  readonly shown: string;
  private readonly folder: OpenedFolder['folder'];

  constructor({ folder, shown }: OpenedFolder) {
    this.folder = folder;
    this.shown = shown;
  }

  async check(): Promise<void> {
    await this.folder.list();
  }

  async owner(): Promise<string | undefined> {
    return (await this.folder.text(ownerName))?.trim();
  }

  async claim(id: string): Promise<void> {
    await this.folder.put(ownerName, ownerText(id));
  }

  async clean(): Promise<readonly string[]> {
    const aborted = await this.folder.abortUploads((name) => parseDump(name) !== undefined);
    const names = (await this.folder.list()).map(({ name }) => name);
    const orphans: string[] = [];
    for (const name of names) {
      const dump = name.endsWith(checksumName('')) ? name.slice(0, -checksumName('').length) : '';
      if (parseDump(dump) === undefined || names.includes(dump)) continue;
      if (sha256In((await this.folder.text(name)) ?? '', dump) === undefined) continue;
      await this.folder.remove(name);
      orphans.push(name);
    }
    return [...aborted, ...orphans];
  }

  async names(): Promise<readonly string[]> {
    const names = new Set((await this.folder.list()).map(({ name }) => name));
    return [...names].filter((name) => parseDump(name) !== undefined && names.has(checksumName(name)));
  }

  async write(name: string, content: AsyncIterable<Buffer>): Promise<Written> {
    const written = await this.folder.write(name, counted(content), async (sha256) => {
      crashPoint('backup:2-written');
      await this.folder.put(checksumName(name), checksumText(name, sha256));
      crashPoint('backup:3-checksum-written');
    });
    crashPoint('backup:4-renamed');
    crashPoint('backup:5-synced');
    return written;
  }

  /** Its content is the server's matter: to read all dumps each night may cost more than they do. */
  async isGood(name: string): Promise<boolean> {
    const [text, size] = [await this.folder.text(checksumName(name)), await this.sizeOf(name)];
    return text !== undefined && sha256In(text, name) !== undefined && size > 0n;
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const expected = sha256In((await this.folder.text(checksumName(name))) ?? '', name);
    const hash = createHash('sha256');
    for await (const piece of this.folder.read(name)) {
      hash.update(piece);
      yield piece;
    }
    if (hash.digest('hex') !== expected) throw damaged(name, this.shown);
  }

  async sizeOf(name: string): Promise<bigint> {
    return (await this.folder.list()).find((each) => each.name === name)?.size ?? 0n;
  }

  async remove(name: string): Promise<void> {
    if (!parseDump(name)) throw new TypeError(`${name} is not the name of a dump`);
    await this.folder.remove(name);
    crashPoint('backup:7-old-removed');
    await this.folder.remove(checksumName(name));
  }

  async close(): Promise<void> {
    this.folder.close();
  }
}

async function* counted(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    yield piece;
    crashPoint('backup:1-partly-written');
  }
}
