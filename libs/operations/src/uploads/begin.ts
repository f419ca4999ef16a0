import { statfs } from 'node:fs/promises';
import { seenBy } from '@coldroom/buffers';
import { Refused, Transient } from '@coldroom/domain';
import { checkPath, displayPath, isTemporaryName } from '@coldroom/files';
import type { DeclaredFile, Upload, UploadWish } from '@coldroom/register';
import { checkImportOptions } from '../imports/options';
import { importPerson } from '../imports/person';
import { importTarget } from '../imports/target';
import { requirePerson } from '../rights/workstation';
import { uploadBuffer, uploadOf, type UploadBuffer, type Uploading } from './scene';

/** A set that a workstation wants to upload. */
export interface UploadOrder {
  readonly setName: string;
  readonly login: string;
  readonly wish: UploadWish;
  /** The name of its directory. */
  readonly directory: Buffer;
  readonly files: number;
  readonly bytes: bigint;
}

/**
 * Records a set, or finds the one that is recorded. What the order would refuse is refused now, before anything is sent.
 * `Refused` `NOT_PERMITTED`, `UPLOAD_NOT_SET_UP`, `UPLOAD_TOO_LARGE`, `PATH_NOT_ALLOWED`, and as `importPerson`,
 * `importTarget`, `checkImportOptions`, `Imports.transferOf`; `Transient` `UPLOAD_NO_ROOM`, `ROOT_UNAVAILABLE`.
 */
export async function beginUpload(uploading: Uploading, order: UploadOrder): Promise<Upload> {
  const { register, imports, workstation } = uploading;
  requirePerson(workstation, order.login);
  const buffer = uploadBuffer(imports, workstation.buffer);
  importTarget(order.wish.target);
  checkImportOptions(order.wish.options);
  imports.transferOf(buffer, order.wish.transfer);
  await importPerson(register, order.login, order.wish.group);
  if (seenBy(order.login, { access: buffer.access, shared: [] }).length === 0)
    throw new Refused('UPLOAD_NOT_SET_UP', `The login ${order.login} cannot be the name of a directory.`);
  checkDirectory(order.directory);
  await imports.root(buffer);
  const known = await register.imports.uploads.get(workstation.name, order.setName);
  if (!known || known.state === 'discarded') await refuseWithoutRoom(uploading, buffer, order.bytes);
  await register.imports.uploads.begin({ ...order, workstation: workstation.name, buffer: buffer.name });
  return uploadOf(uploading, order.setName);
}

/**
 * Records files of a set. `Refused` `PATH_NOT_ALLOWED`, `UPLOAD_NAME_NOT_ALLOWED`, `UPLOAD_TOO_LARGE`, `UPLOAD_PATH_TWICE`,
 * `UPLOAD_DECLARED_OTHERWISE`.
 */
export async function declareFiles(
  uploading: Uploading,
  upload: Upload,
  files: readonly DeclaredFile[],
): Promise<void> {
  const { uploads, uploadFiles } = uploading.register.imports;
  for (const { path } of files) checkFilePath(path);
  if (files.some(({ number }) => number >= upload.files)) throw tooMuch(upload);
  await uploadFiles.declare(upload.id, files);
  await uploads.touch(upload.id);
  if ((await uploads.amounts(upload.id)).declaredBytes > upload.bytes) throw tooMuch(upload);
}

function tooMuch({ files, bytes }: Upload): Refused {
  return new Refused(
    'UPLOAD_TOO_LARGE',
    `The set was announced with ${files} files of ${bytes} bytes. More than that is not taken.`,
  );
}

/** A name for one directory that would not be mistaken for what Coldroom keeps. */
function checkDirectory(name: Buffer): void {
  checkPath(name);
  if (name.includes('/') || name.toString('latin1').startsWith('.')) throw notAllowed(name);
}

/** What the buffer cannot hold, and what the importer would take for a file that is still being written. */
function checkFilePath(path: Buffer): void {
  checkPath(path);
  if (isTemporaryName(path.subarray(path.lastIndexOf('/') + 1))) throw notAllowed(path);
}

function notAllowed(name: Buffer): Refused {
  return new Refused(
    'UPLOAD_NAME_NOT_ALLOWED',
    `The name ${displayPath(name)} is not possible for an upload: it has a slash, begins with a dot as the name of a set, or is one that programs give to unfinished files. Rename it.`,
  );
}

async function refuseWithoutRoom({ register }: Uploading, buffer: UploadBuffer, bytes: bigint): Promise<void> {
  const { most, spare } = buffer.uploads;
  if (bytes > most)
    throw new Refused('UPLOAD_TOO_LARGE', `The set has ${bytes} bytes. Sets of up to ${most} bytes are taken.`);
  const { bavail, bsize } = await statfs(buffer.directory, { bigint: true });
  const free = bavail * bsize;
  const expected = await register.imports.uploads.expectedBytes(buffer.name);
  if (free - expected - bytes < spare)
    throw new Transient(
      'UPLOAD_NO_ROOM',
      `The buffer has ${free} bytes free, of which ${expected} are for other uploads and ${spare} stay free. The set has ${bytes}. It is tried again later.`,
    );
}
