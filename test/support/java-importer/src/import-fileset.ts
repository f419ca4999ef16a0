import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ChecksumAlgorithm, OmeroServer, SampleUser } from '@coldroom/sample-omero';
import type { Candidate } from './candidates';
import { isExcluded } from './exclusions';
import { recordUpload, registerFileset, type RegisteredFileset } from './fileset';
import { importImages, type Imported, type ImagePlan } from './images';
import { log } from './log';
import type { Script } from './misbehaviour';
import type { Options } from './options';
import type { Session } from './session';
import { loadTarget, type Target } from './target';
import { hashed, transferFile } from './transfers';

export interface Imports {
  readonly server: OmeroServer;
  readonly session: Session;
  readonly script: Script;
  readonly options: Options;
  /** Failed uploads, and failures that the server reports of its work. Nothing else that goes wrong is counted. */
  errors: number;
  files: number;
}

/** Undefined for a fileset that is excluded, or not waited for. Throws what the importer logs as `Error on import`. */
export async function importFileset(imports: Imports, candidate: Candidate): Promise<Imported | undefined> {
  const { server, session, script, options } = imports;
  const main = candidate.files[0]!;
  await session.check();
  const target = options.target === undefined ? undefined : await loadTarget(server, session, options.target);
  for (const rule of options.exclusions) {
    if (!(await isExcluded(server.client, rule, main))) continue;
    log('INFO', `FILESET_EXCLUSION: ${main}`);
    return undefined;
  }
  const otherGroup = script.take('other-group', main)?.groupId;
  const user = otherGroup === undefined ? session.user : { ...session.user, groupId: otherGroup };
  const acting = { ...session, user };
  const algorithm = algorithmOf(server, options);
  const registered = await registerFileset(server, acting, {
    sources: candidate.files,
    transfer: options.transfer,
    algorithm,
  });
  await script.reach('registered', main);
  const differing = await counted(imports, () => uploadAll(imports, registered, algorithm, main));
  await counted(imports, () => script.reach('uploaded', main));
  await session.check();
  if (differing.length > 0) throw new Error(`omero.ChecksumValidationException: ${differing.join(' ')}`);
  const plan = imagePlan(imports, candidate, registered, target);
  const later = script.take('crash-and-finish-later', main);
  if (later || options.minutesToWait === 0) {
    finishLater({ ms: later?.ms ?? 0, session: session.id, user, plan });
    if (later) process.kill(process.pid, 'SIGKILL');
    return undefined;
  }
  return counted(imports, async () => {
    const imported = await importImages(server, acting, plan);
    await script.reach('imported', main);
    return imported;
  });
}

/** Uploads, and what the server reports of its work, are all whose errors are counted. */
async function counted<T>(imports: Imports, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    imports.errors += 1;
    throw error;
  }
}

/** Returns the files of which the server has a checksum that is not the client's. */
async function uploadAll(
  imports: Imports,
  registered: RegisteredFileset,
  algorithm: ChecksumAlgorithm,
  main: string,
): Promise<readonly string[]> {
  const { server, session, script, options } = imports;
  const differing: string[] = [];
  for (const [index, file] of registered.files.entries()) {
    await session.check();
    log('INFO', `FILE_UPLOAD_STARTED: ${file.source}`);
    const ofClient = await transferFile(options.transfer, file.source, file.target, algorithm);
    if (script.take('corrupt-upload', file.source)) appendFileSync(file.target, '\0');
    const ofServer = await hashed(file.target, algorithm);
    await recordUpload(server, file, ofServer);
    if (ofServer.hash !== ofClient.hash) differing.push(file.source);
    imports.files += 1;
    log('INFO', `FILE_UPLOAD_COMPLETE: ${file.source}`);
    if (index === 0) await script.reach('uploading', main);
  }
  return differing;
}

/** SHA1-160 is what a server suggests. Throws for a name that OMERO does not have. */
function algorithmOf(server: OmeroServer, { checksumAlgorithm = 'SHA1-160' }: Options): ChecksumAlgorithm {
  server.enumeration('checksumalgorithm', checksumAlgorithm);
  return checksumAlgorithm as ChecksumAlgorithm;
}

function imagePlan(
  { server, script, options }: Imports,
  { files, reader, isPlate, series }: Candidate,
  { id, prefix, files: [first] }: RegisteredFileset,
  target: Target | undefined,
): ImagePlan {
  const main = files[0]!;
  const made = script.take('no-images', main) ? 0 : series.length - (script.take('image-missing', main) ? 1 : 0);
  return {
    fileset: id,
    prefix,
    main: relative(join(server.disk.dataDir, 'ManagedRepository', prefix), first!.target),
    reading: { reader, isPlate, series: series.slice(0, made) },
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(target ? { target } : {}),
  };
}

/** What the server has still to do, whether or not the client waits for it. */
export interface LaterWork {
  readonly ms: number;
  readonly session: number;
  readonly user: SampleUser;
  readonly plan: ImagePlan;
}

function finishLater(work: LaterWork): void {
  const [, main = ''] = process.argv;
  spawn(process.execPath, [main, 'finish', JSON.stringify(work)], { detached: true, stdio: 'ignore' }).unref();
}
