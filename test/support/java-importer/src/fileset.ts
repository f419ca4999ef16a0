import { basename, dirname, join, relative } from 'node:path';
import {
  filesetDirectories,
  OmeroServer,
  timestamp,
  transferComment,
  uploadJob,
  type ChecksumAlgorithm,
  type OmeroEvent,
} from '@coldroom/sample-omero';
import { cleanName, clientPath } from './client-path';
import { transferClasses, type Transfer } from './transfers';
import type { Session } from './session';

/** Locked while a fileset gets its directories: two imports would make the same ones, named by day and millisecond. */
const DIRECTORIES = 7_236_811;

export interface RegisteredFile {
  readonly source: string;
  /** Absolute. */
  readonly target: string;
  readonly originalFile: number;
}

export interface RegisteredFileset {
  readonly id: number;
  /** Relative to the repository, with a slash at its end. */
  readonly prefix: string;
  readonly files: readonly RegisteredFile[];
}

interface Registration {
  readonly sources: readonly string[];
  readonly transfer: Transfer;
  readonly algorithm: ChecksumAlgorithm;
}

/**
 * What the server commits before the first byte arrives: the fileset with its entries, files without size and hash,
 * directories in the database and on the disk, the upload job with its log, and the mark of an in-place import.
 */
export async function registerFileset(
  server: OmeroServer,
  session: Session,
  { sources, transfer, algorithm }: Registration,
): Promise<RegisteredFileset> {
  const { client, rows } = server;
  const base = commonDirectory(sources);
  const names = sources.map((source) => relative(base, source).split('/').map(cleanName).join('/'));
  await client.query('SELECT pg_advisory_lock($1)', [DIRECTORIES]);
  try {
    const event = await importEvent(server, session);
    const details = server.details(session.user, event);
    const prefix = await filesetDirectories(server, session.user, event, names);
    const id = await rows.id('fileset');
    rows.add('fileset', { ...details, id, templateprefix: prefix });
    await server.log(event, 'ome.model.fs.Fileset', id);
    await uploadJob(server, session.user, event, { fileset: id, prefix });
    const files: RegisteredFile[] = [];
    for (const [index, source] of sources.entries()) {
      const name = names[index]!;
      const originalFile = await rows.id('originalfile');
      rows.add('originalfile', {
        ...details,
        id: originalFile,
        path: prefix + name.slice(0, name.lastIndexOf('/') + 1),
        name: server.nameInRepository(basename(name)),
        repo: server.managedUuid,
        hasher: server.enumeration('checksumalgorithm', algorithm),
        mimetype: 'application/octet-stream',
        mtime: timestamp(event.time),
        ctime: timestamp(event.time),
      });
      const entry = await rows.id('filesetentry');
      const clientpath = clientPath(source);
      rows.add('filesetentry', {
        ...details,
        id: entry,
        clientpath,
        fileset: id,
        fileset_index: index,
        originalfile: originalFile,
      });
      const target = join('ManagedRepository', prefix, name);
      server.disk.directory(dirname(target));
      files.push({ source, originalFile, target: join(server.disk.dataDir, target) });
    }
    if (transfer !== 'upload') await transferComment(server, transferClasses[transfer], id, details);
    await server.flush();
    return { id, prefix, files };
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [DIRECTORIES]);
  }
}

export function importEvent(server: OmeroServer, session: Session): Promise<OmeroEvent> {
  return server.event(session.user, 'Import', { session: session.id, time: new Date() });
}

/** When a file is in its place. */
export async function recordUpload(
  server: OmeroServer,
  { originalFile }: RegisteredFile,
  { size, hash }: { readonly size: number; readonly hash: string },
): Promise<void> {
  await server.client.query('UPDATE originalfile SET size = $2, hash = $3, version = version + 1 WHERE id = $1', [
    originalFile,
    size,
    hash,
  ]);
}

/** The directory that all files are in or below. */
function commonDirectory(paths: readonly string[]): string {
  let common = dirname(paths[0]!);
  while (!paths.every((path) => path.startsWith(common === '/' ? '/' : `${common}/`))) common = dirname(common);
  return common;
}
