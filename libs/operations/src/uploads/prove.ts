import { crashPoint, Refused, Transient, type Identity, type Outcome } from '@coldroom/domain';
import { displayPath, type Place } from '@coldroom/files';
import type { UploadFile } from '@coldroom/register';
import { Staging, uploadBuffer, uploadOf, workUntil, type Uploading } from './scene';

/**
 * Reads a file that was received from the disk, compares it with what the workstation hashed, and puts it into its set. May
 * be repeated. `Refused` `UPLOAD_DAMAGED` removes what was received; `UPLOAD_INCOMPLETE` keeps it.
 */
export async function proveFile(
  uploading: Uploading,
  setName: string,
  number: number,
  signal: AbortSignal,
): Promise<void> {
  const { register, imports } = uploading;
  const upload = await uploadOf(uploading, setName);
  const file = await register.imports.uploadFiles.get(upload.id, number);
  if (!file || upload.state === 'discarded') throw new Refused('NO_SUCH_UPLOAD', 'This file was not declared.');
  if (file.isProven || upload.state === 'arrived') return;
  const buffer = uploadBuffer(imports, upload.buffer);
  await imports.root(buffer);
  const staging = new Staging(buffer, upload);
  if (await isMoved(uploading, staging, file)) await check(uploading, staging.file(file.path), file, signal);
  else {
    await check(uploading, staging.part(number), file, signal);
    await putIntoSet(uploading, staging, file, signal);
  }
  crashPoint('upload:1-file-moved');
  await register.imports.uploadFiles.proven(upload.id, number);
  await register.imports.uploads.touch(upload.id);
}

/** As a console left it that died before it recorded this. */
async function isMoved({ files }: Uploading, staging: Staging, { number, path }: UploadFile): Promise<boolean> {
  const [part, moved] = await files.inspect([staging.part(number), staging.file(path)]);
  return part?.kind === 'missing' && moved?.kind === 'file';
}

async function check({ files }: Uploading, at: Place, file: UploadFile, signal: AbortSignal): Promise<void> {
  const [found] = await files.inspect([at]);
  const received = found?.kind === 'file' ? found.identity : undefined;
  if (!received || received.size < file.size)
    throw new Refused(
      'UPLOAD_INCOMPLETE',
      `${received?.size ?? 0} bytes of ${file.size} were received of ${displayPath(file.path)}. Send the rest.`,
    );
  const source = { ...at, algorithms: ['SHA-256'] as const, expect: received };
  const hashed = valueOf((await files.hash([source], { direct: true }, workUntil(signal)))[0]);
  if (received.size === file.size && hashed.digests['SHA-256'] === file.sha256) return;
  valueOf((await files.removeOwn([{ at, file: received }], workUntil(signal)))[0]);
  throw new Refused(
    'UPLOAD_DAMAGED',
    `${displayPath(file.path)} does not have the SHA-256 that the workstation computed. What was received is discarded: send it again.`,
  );
}

async function putIntoSet(
  { files }: Uploading,
  staging: Staging,
  { number, path, mtimeNs }: UploadFile,
  signal: AbortSignal,
): Promise<void> {
  const part = staging.part(number);
  const identity = await identityAt(files, part);
  const attributes = { ...part, as: { ...identity, mtimeNs }, mode: 0o640 };
  valueOf((await files.setAttributes([attributes], workUntil(signal)))[0]);
  const pair = { from: part, to: staging.file(path), file: await identityAt(files, part) };
  valueOf((await files.move([pair], { exact: true }, workUntil(signal)))[0]);
}

async function identityAt(files: Uploading['files'], at: Place): Promise<Identity> {
  const [found] = await files.inspect([at]);
  if (found?.kind === 'file') return found.identity;
  throw new Transient('UPLOAD_BUSY', 'What was received of this file is being worked on. It is tried again.');
}

export function valueOf<T>(outcome: Outcome<T> | undefined): T {
  if (outcome && 'ok' in outcome) return outcome.ok;
  throw outcome?.error ?? new RangeError('there is no outcome');
}
