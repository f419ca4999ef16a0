import { join } from 'node:path';
import { NotYet, Refused } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import { OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { readStores, type OlderStoreSettings } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { ownerOf } from '../doctor/owner';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { cronLines, cronPlaces, refuseWhileToolRuns } from './left-running';
import { lookAtJob, type AdoptionPlaces } from './look';
import type { LookedJob } from './looked';
import { NamedPaths } from './named-paths';
import { OlderArchive } from './older-archive';
import { AdoptionReport, fileLine, type AdoptedFileLine } from './report';
import { markedTooEarly } from './settlement';
import { takeOver, type TakenOver } from './take-over';

export interface AdoptionOrder {
  /** The store of kind `older`; may be left out if there is one only. */
  readonly store?: string | undefined;
  /** The older tool's own directory; by default `Archive` in OMERO's data directory. */
  readonly archive?: string | undefined;
  /** False: only look. */
  readonly go: boolean;
  readonly acceptUnproven: boolean;
  readonly by: string;
  /** How many findings of each kind are kept in detail. */
  readonly limit: number;
  readonly progress: (report: AdoptionReport, job: string) => void;
  /** Called for each file that a job names. */
  readonly file?: ((line: AdoptedFileLine) => Promise<void>) | undefined;
  /** For tests. */
  readonly cronPlaces?: readonly string[];
}

/** Takes over from the older tool, job by job, or only looks. Its own files are left as they are. */
export async function adopt(
  around: Surroundings,
  register: Register,
  order: AdoptionOrder,
): Promise<{ readonly store: string; readonly report: AdoptionReport }> {
  const settings = around.settings('omero', 'originals', 'stores');
  const [store, older] = await olderStore(settings.COLDROOM_STORES, order.store);
  const archive = new OlderArchive(order.archive ?? join(settings.OMERO_DATA_DIR, 'Archive'));
  await archive.check();
  const report = new AdoptionReport(order.limit);
  for (const left of await refuseWhileToolRuns(archive)) report.add(left);
  for (const line of await cronLines(order.cronPlaces ?? cronPlaces)) report.add(line);
  const omero = OmeroDatabase.connect(settings.OMERO_DATABASE_URL, {
    max: 2,
    ...(settings.OMERO_MANAGED_REPOSITORY === undefined
      ? {}
      : { managedRepository: settings.OMERO_MANAGED_REPOSITORY }),
  });
  try {
    await omero.check();
    await withStores(around, async ({ stores, files, dataDir }) => {
      await stores.get(store).check('read');
      const registers = {
        toArchive: await readRegister(archive, 'toArchive', report),
        archived: await readRegister(archive, 'archived', report),
      };
      const originals = new Originals(dataDir);
      const { omeroDirectory } = older;
      const places = {
        register,
        omero,
        store: stores.get(store),
        files,
        originals,
        archive,
        omeroDirectory,
        registers,
      };
      const run = (): Promise<true> => new Run(places, order, report, dataDir).all();
      if (await register.alone('adopt', run)) return;
      throw new NotYet('ADOPT_RUNNING', 'Another "coldroom adopt" is at work; wait until it has ended');
    });
  } finally {
    omero.close().catch(() => undefined); // not awaited: a server that hangs would block this process
  }
  return { store, report };
}

/** `Refused` `NO_OLDER_STORE`, or `STORE_UNKNOWN` if the settings do not name it. */
async function olderStore(path: string, named: string | undefined): Promise<[string, OlderStoreSettings]> {
  const { stores } = await readStores(path);
  const found = Object.entries(stores).flatMap(([name, settings]): [string, OlderStoreSettings][] =>
    settings.kind === 'older' && (named === undefined || named === name) ? [[name, settings]] : [],
  );
  const [first, second] = found;
  if (first && !second) return first;
  throw new Refused(
    'NO_OLDER_STORE',
    first
      ? `The stores file names several stores of kind older (${found.map(([name]) => name).join(', ')}); say which with --store.`
      : `The stores file names no store ${named === undefined ? '' : `"${named}" `}of kind older; docs/take-over.md shows how to add it.`,
  );
}

async function readRegister(
  archive: OlderArchive,
  register: 'toArchive' | 'archived',
  report: AdoptionReport,
): Promise<NamedPaths> {
  const paths = new NamedPaths();
  for await (const line of archive.lines(register))
    if (!paths.add(line)) report.add({ code: 'REGISTER_ENTRY_TWICE', where: register, what: displayPath(line) });
  return paths;
}

class Run {
  /** All paths that a job names, and those that a job has taken. */
  private readonly named = new NamedPaths();
  private readonly claimed = new NamedPaths();

  constructor(
    private readonly places: AdoptionPlaces,
    private readonly order: AdoptionOrder,
    private readonly report: AdoptionReport,
    private readonly dataDir: string,
  ) {}

  async all(): Promise<true> {
    for await (const job of this.places.archive.jobs()) {
      this.order.progress(this.report, job.name);
      const looked = await lookAtJob(this.places, job, this.claimed);
      await this.tell(looked);
      this.report.job(looked, this.order.go ? await this.takeOver(looked) : undefined);
    }
    await this.rest();
    return true;
  }

  private async takeOver(looked: LookedJob): Promise<TakenOver | undefined> {
    return takeOver(this.places, looked, {
      by: this.order.by,
      owner: await ownerOf(this.dataDir),
      acceptUnproven: this.order.acceptUnproven,
      read: (file, proof, reason) => {
        if (proof !== 'COPY_NOT_READ') this.report.proofs[proof] += 1;
        if (proof !== 'PROVEN')
          this.report.add({ code: proof, where: looked.job.name, what: displayPath(file.absolute), reason });
      },
    });
  }

  private async tell(looked: LookedJob): Promise<void> {
    const { job, files, images, goneImages } = looked;
    const add = (code: Parameters<AdoptionReport['add']>[0]['code'], what: string): void =>
      this.report.add({ code, where: `${job.folder}/${job.name}`, what });
    if (!job.text) add('JOB_NOT_UNDERSTOOD', job.name);
    if (job.folders.length > 1) add('JOB_TWICE', job.folders.join(', '));
    for (const line of job.text?.notUnderstood ?? []) add('ENTRY_NOT_UNDERSTOOD', line);
    for (const id of goneImages) add('IMAGE_GONE', `Image:${id}`);
    if (images.length === 0 && files.some(({ duty }) => duty !== 'nothing')) add('JOB_WITHOUT_IMAGES', job.name);
    for (const { imageId } of looked.requestId === undefined ? markedTooEarly(looked) : [])
      add('MARKED_TOO_EARLY', `Image:${imageId}`);
    for (const file of files) {
      this.named.add(file.absolute);
      for (const code of file.codes) add(code, displayPath(file.absolute));
      await this.order.file?.(fileLine(looked, file));
    }
  }

  /** What is recorded of files that no job names. */
  private async rest(): Promise<void> {
    for await (const path of this.places.archive.recorded())
      if (!this.named.has(path)) this.report.add({ code: 'RECORD_WITHOUT_JOB', where: 'Log', what: displayPath(path) });
    for (const register of ['toArchive', 'archived'] as const)
      for await (const path of this.places.archive.lines(register))
        if (!this.named.has(path))
          this.report.add({ code: 'REGISTER_ENTRY_ALONE', where: register, what: displayPath(path) });
  }
}
