import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import type { InOmero } from '@coldroom/domain';
import type { OrderedFile } from '@coldroom/register';

/** What a directory that stands for OMERO's repository has of a file, read now: files are there below their own paths. */
export function readInRepository(repository: string, file: Pick<OrderedFile, 'path'>): InOmero | undefined {
  const at = Buffer.concat([Buffer.from(`${repository}/`), file.path.length > 0 ? file.path : Buffer.from('file')]);
  try {
    const { dev, ino, nlink, size } = lstatSync(at, { bigint: true });
    const sha256 = createHash('sha256').update(readFileSync(at)).digest('hex');
    return { size, sha256, file: { dev, ino, links: Number(nlink) }, linked: false, images: 1 };
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}
