import { posix } from 'node:path';
import type { PlannedFile } from './disk';
import { filesetDirectories } from './fileset-directories';
import { fileRow, imageRows } from './image-rows';
import { transferComment, uploadJob } from './import-job';
import { legacyPath } from './legacy-path';
import type { OmeroServer, SampleUser } from './server';

export interface FilesetPlan {
  readonly owner: SampleUser;
  /** The first is the one Bio-Formats opens. */
  readonly files: readonly PlannedFile[];
  /** Default 1; a failed import leaves 0. */
  readonly images?: number;
  readonly dataset?: number;
  /** For an in-place import, which leaves a comment on the fileset. */
  readonly transfer?: 'Symlink' | 'Hardlink';
  /** Each image has a pyramid of this many bytes, and is large enough to need one. */
  readonly pyramid?: number;
}

export interface Imported {
  readonly fileset: number | undefined;
  readonly imageIds: readonly number[];
  /** Relative to the data directory. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/** What one import by an OMERO 5 client leaves behind in database and managed repository. */
export async function importFileset(server: OmeroServer, plan: FilesetPlan): Promise<Imported> {
  const { owner } = plan;
  const event = await server.event(owner, 'Import');
  const details = server.details(owner, event);
  const prefix = await filesetDirectories(
    server,
    owner,
    event,
    plan.files.map((file) => file.name),
  );
  const fileset = await server.rows.id('fileset');
  server.rows.add('fileset', { ...details, id: fileset, templateprefix: prefix });
  await server.log(event, 'ome.model.fs.Fileset', fileset);
  await uploadJob(server, owner, event, { fileset, prefix });

  const files: string[] = [];
  let bytes = 0;
  for (const [index, file] of plan.files.entries()) {
    // Names are joined as text: `..dots..tif` is a name like any other.
    const cut = file.name.lastIndexOf('/') + 1;
    const [path, name] = [prefix + file.name.slice(0, cut), file.name.slice(cut)];
    const laid = server.disk.lay(`ManagedRepository/${path}${name}`, file, event.time);
    const originalfile = await fileRow(
      server,
      { details, event },
      { path, name, repo: server.managedUuid },
      { file, laid },
    );
    server.rows.add('filesetentry', {
      ...details,
      id: await server.rows.id('filesetentry'),
      clientpath: `home/${owner.omename}/data/${file.name}`,
      fileset,
      fileset_index: index,
      originalfile,
    });
    files.push(`ManagedRepository/${path}${name}`);
    bytes += laid.size;
  }
  if (plan.transfer) await transferComment(server, `${plan.transfer}FileTransfer`, fileset, details);

  const imageIds: number[] = [];
  const main = posix.basename(plan.files[0]?.name ?? '');
  const images = plan.images ?? 1;
  for (let series = 0; series < images; series += 1) {
    const { image, pixels } = await imageRows(server, owner, event, {
      name: images > 1 ? `${main} [Series ${series + 1}]` : main,
      series,
      fileset,
      path: prefix.slice(0, -1),
      file: main,
      width: plan.pyramid ? 4096 : 200,
      height: plan.pyramid ? 4096 : 300,
      dataset: plan.dataset,
    });
    imageIds.push(image);
    if (plan.pyramid) {
      const path = `${legacyPath('Pixels', pixels)}_pyramid`;
      server.disk.lay(path, { name: path, size: plan.pyramid }, event.time);
      files.push(path);
      bytes += plan.pyramid;
    }
  }
  await server.breathe();
  return { fileset, imageIds, files, bytes };
}
