import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Refused, codeOf } from '@coldroom/domain';
import { openDirectory } from '@coldroom/files';
import type { Upload, UploadFile } from '@coldroom/register';
import { Staging, uploadBuffer, uploadOf, workUntil, type Uploading } from './scene';

/** Where the bytes of a file go. */
export interface Reception {
  readonly upload: Upload;
  readonly file: UploadFile;
  /** Absolute: the directory that all uploads of the buffer share, and the file below it. */
  readonly directory: string;
  readonly id: string;
}

/**
 * Prepares a declared file for its bytes: it exists, with what was received so far. `Refused` `NO_SUCH_UPLOAD`,
 * `UPLOAD_COMPLETE` if nothing more of it is needed, `UPLOAD_DISCARDED`.
 */
export async function receptionOf(uploading: Uploading, setName: string, number: number): Promise<Reception> {
  const { register, imports } = uploading;
  const upload = await uploadOf(uploading, setName);
  const file = await register.imports.uploadFiles.get(upload.id, number);
  if (!file) throw new Refused('NO_SUCH_UPLOAD', `File ${number} of this set was not declared.`);
  refuseEnded(upload, file);
  const buffer = uploadBuffer(imports, upload.buffer);
  const root = await imports.root(buffer);
  const staging = new Staging(buffer, upload);
  await takeBack(uploading, staging, file);
  const parts = await openDirectory(root, staging.at(Buffer.from('/parts')).path, { create: true });
  try {
    await makeEmpty(parts.at(Buffer.from(String(number))));
  } finally {
    await parts.close();
  }
  await register.imports.uploads.touch(upload.id);
  const directory = `${buffer.directory}/${staging.directory}`;
  return { upload, file, directory, id: `parts/${number}` };
}

function refuseEnded({ state }: Upload, { isProven }: UploadFile): void {
  if (state === 'discarded') throw new Refused('UPLOAD_DISCARDED', 'This upload was discarded. Begin it again.');
  if (state === 'arrived' || isProven) throw new Refused('UPLOAD_COMPLETE', 'This file is complete and proven.');
}

/** A console that died after it had moved a proven file, and before it recorded this, left the file in the set. */
async function takeBack({ files }: Uploading, staging: Staging, { number, path }: UploadFile): Promise<void> {
  const [part, moved] = await files.inspect([staging.part(number), staging.file(path)]);
  if (part?.kind !== 'missing' || moved?.kind !== 'file') return;
  const pair = { from: staging.file(path), to: staging.part(number), file: moved.identity };
  const [outcome] = await files.move([pair], { exact: false }, workUntil(new AbortController().signal));
  if (outcome && 'error' in outcome) throw outcome.error;
}

async function makeEmpty(at: Buffer): Promise<void> {
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    await (await open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o640)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
