import type { PlannedFile } from './disk';
import { fileRow, imageRows } from './image-rows';
import type { Imported } from './import-fileset';
import { legacyPath } from './legacy-path';
import type { OmeroServer, SampleUser } from './server';

export interface LegacyPlan {
  readonly owner: SampleUser;
  /** Originals kept in Files/, which several images may share. */
  readonly originals?: readonly PlannedFile[];
  /** For each image, its originals by their position in `originals`. */
  readonly images: ReadonlyArray<readonly number[]>;
  readonly name: string;
  readonly dataset?: number;
  /** Default `pixels`. `pyramid`: only the pyramid is left; `both`: pixels and pyramid. */
  readonly stored?: 'pixels' | 'pyramid' | 'both';
}

const WIDTH = 200;
const HEIGHT = 150;

/** What OMERO 4 left: pixels in Pixels/, originals (if they were archived) in Files/, no fileset. */
export async function importLegacy(server: OmeroServer, plan: LegacyPlan): Promise<Imported> {
  const { owner, originals = [], stored = 'pixels' } = plan;
  const event = await server.event(owner, 'Import');
  const details = server.details(owner, event);
  const files: string[] = [];
  let bytes = 0;
  const originalIds: number[] = [];
  for (const file of originals) {
    // The row needs the digest, the path needs the id: OMERO 4 wrote the row twice, here the id is allocated first.
    const id = await server.rows.id('originalfile');
    const laid = server.disk.lay(legacyPath('Files', id), file, event.time);
    await fileRow(
      server,
      { details, event },
      { id, path: `C:/Users/${owner.omename}/Data/`, name: file.name, repo: null },
      { file, laid },
    );
    originalIds.push(id);
    files.push(legacyPath('Files', id));
    bytes += laid.size;
  }
  const imageIds: number[] = [];
  for (const [index, from] of plan.images.entries()) {
    const { image, pixels } = await imageRows(server, owner, event, {
      name: plan.images.length > 1 ? `${plan.name} ${index + 1}` : plan.name,
      series: 0,
      width: WIDTH,
      height: HEIGHT,
      archived: from.length > 0,
      dataset: plan.dataset,
    });
    imageIds.push(image);
    for (const original of from) {
      server.rows.add('pixelsoriginalfilemap', {
        ...details,
        id: await server.rows.id('pixelsoriginalfilemap'),
        parent: originalIds[original] ?? 0,
        child: pixels,
      });
    }
    const path = legacyPath('Pixels', pixels);
    const stays = [...(stored === 'pyramid' ? [] : [path]), ...(stored === 'pixels' ? [] : [`${path}_pyramid`])];
    for (const file of stays) bytes += server.disk.lay(file, { name: file, size: WIDTH * HEIGHT }, event.time).size;
    files.push(...stays);
  }
  await server.breathe();
  return { fileset: undefined, imageIds, files, bytes };
}
