import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, Refused } from '@coldroom/domain';
import { connectionOf } from './s3/connection';
import { ObjectFolder } from './s3/object-folder';
import { s3Store } from './store-settings';

export interface OpenedFolder {
  readonly folder: ObjectFolder;
  /** For people: `s3://bucket/prefix`. */
  readonly shown: string;
}

/** Larger than for copies: how long a stream is, is not known, and an object has at most 10,000 parts. */
const partMiB = 64;

/**
 * A folder of a bucket for files that are not bags. The file (YAML or JSON) has the keys of a store of kind `s3`, without
 * `kind` and `recallDirectory`. `Refused` `BACKUP_BUCKET_INVALID` with all its faults.
 */
export async function openFolder(path: string, secrets: (name: string) => string | undefined): Promise<OpenedFolder> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, messageOf(error), error);
  }
  const given = typeof read === 'object' && read !== null ? read : {};
  const settings = s3Store.safeParse({ partMiB, ...given, kind: 's3', recallDirectory: '/unused' });
  if (!settings.success) throw invalid(path, z.prettifyError(settings.error), settings.error);
  const { bucket, prefix } = settings.data;
  const connection = await connectionOf('for backups', settings.data, secrets);
  return { folder: new ObjectFolder(connection, prefix), shown: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}` };
}

function invalid(path: string, fault: string, cause: unknown): Refused {
  return new Refused(
    'BACKUP_BUCKET_INVALID',
    `The file ${path}, which COLDROOM_BACKUP_BUCKET names, is invalid:\n${fault}`,
    { path },
    { cause },
  );
}
