import { posix } from 'node:path';
import type { PlannedFile } from './disk';
import type { Row } from './rows';
import { timestamp, type OmeroEvent, type OmeroServer, type SampleUser } from './server';

/** The import job with its log, which is beside the fileset's directory. */
export async function uploadJob(
  server: OmeroServer,
  owner: SampleUser,
  event: OmeroEvent,
  { fileset, prefix }: { readonly fileset: number; readonly prefix: string },
): Promise<void> {
  const details = server.details(owner, event);
  const job = await server.rows.id('job');
  const time = timestamp(event.time);
  server.rows.add('job', {
    ...details,
    id: job,
    groupname: 'user',
    message: 'Finished',
    scheduledfor: time,
    started: time,
    submitted: time,
    finished: time,
    type: 'Test',
    username: owner.omename,
    status: server.enumeration('jobstatus', 'Finished'),
  });
  server.rows.add('uploadjob', { job_id: job });
  server.rows.add('filesetjoblink', {
    ...details,
    id: await server.rows.id('filesetjoblink'),
    parent: fileset,
    child: job,
    parent_index: 0,
  });
  const log = `${prefix.slice(0, -1)}.log`;
  const file: PlannedFile = { name: log, content: Buffer.from(`INFO  Importing for ${owner.omename}\nINFO  Done.\n`) };
  const laid = server.disk.lay(`ManagedRepository/${log}`, file, event.time);
  const id = await server.rows.id('originalfile');
  server.rows.add('originalfile', {
    ...details,
    id,
    path: `${posix.dirname(log)}/`,
    name: server.nameInRepository(posix.basename(log)),
    repo: server.managedUuid,
    size: laid.size,
    hash: laid.hex,
    hasher: server.enumeration('checksumalgorithm', 'SHA1-160'),
    mimetype: 'application/omero-log-file',
  });
  server.rows.add('joboriginalfilelink', {
    ...details,
    id: await server.rows.id('joboriginalfilelink'),
    parent: job,
    child: id,
  });
}

/** The mark of an in-place import: the class that transferred the files, such as `SymlinkFileTransfer`. */
export async function transferComment(
  server: OmeroServer,
  transferClass: string,
  fileset: number,
  details: Row,
): Promise<void> {
  const id = await server.rows.id('annotation');
  server.rows.add('annotation', {
    ...details,
    id,
    discriminator: '/basic/text/comment/',
    ns: 'openmicroscopy.org/omero/import/fileTransfer',
    textvalue: `ome.formats.importer.transfers.${transferClass}`,
  });
  server.rows.add('filesetannotationlink', {
    ...details,
    id: await server.rows.id('filesetannotationlink'),
    parent: fileset,
    child: id,
  });
}
