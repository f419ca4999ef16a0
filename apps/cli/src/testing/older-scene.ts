import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeMarker } from '@coldroom/files';
import { OlderTool, plant, plantedNames, type Planted } from '@coldroom/older-tool';
import { buildTinyOmero } from '@coldroom/sample-omero';
import { AuditScene } from './audit-scene';

/** An OMERO whose administrator used the older tool for years. */
export interface OlderScene {
  readonly scene: AuditScene;
  readonly tool: OlderTool;
  readonly planted: Planted;
  /** The bytes at each path before the tool touched it. */
  readonly before: ReadonlyMap<string, Buffer>;
}

/** @param files about so many are planted */
export async function olderScene(name: string, files: number, admin?: string): Promise<OlderScene> {
  const scene = await AuditScene.create(name, admin);
  const usual = Math.max(35, Math.ceil((files - plantedNames.length * 3) / 4));
  const { user, filesets } = await buildTinyOmero({
    databaseUrl: scene.omeroUrl,
    dataDir: scene.dataDir,
    filesets: [
      ...plantedNames.map((first) => ({ files: [{ name: first, size: 50 }, ...someFiles(2)] })),
      ...Array.from({ length: usual }, (_, nr) => ({ files: someFiles(nr % 3 === 1 ? 1 : 5), images: 1 + (nr % 2) })),
    ],
  });
  const before = new Map<string, Buffer>();
  for (const path of filesets.flatMap(({ paths }) => paths)) before.set(path, await readFile(path));
  const tool = new OlderTool(join(scene.dataDir, 'Archive'), join(scene.dir, 'older'));
  await tool.create();
  await writeMarker(tool.archiveRoot, 'older');
  const planted = await plant(tool, user, filesets);
  await changeOmero(scene, planted);
  const stores = JSON.parse(await readFile(scene.storesFile, 'utf8')) as { stores: Record<string, object> };
  stores.stores['older'] = {
    kind: 'older',
    directory: tool.archiveRoot,
    omeroDirectory: scene.dataDir,
    verify: 'cached',
  };
  await writeFile(scene.storesFile, JSON.stringify(stores));
  return { scene, tool, planted, before };
}

const someFiles = (count: number): { readonly name: string; readonly size: number }[] =>
  Array.from({ length: count }, (_, nr) => ({ name: `img_${nr}.dv`, size: 40 + nr }));

/** The tool's mark is one annotation for all images, and leaves `image.archived` alone. */
async function changeOmero(scene: AuditScene, { marked, withoutHash }: Planted): Promise<void> {
  for (const path of withoutHash)
    await scene.sql(
      'UPDATE originalfile SET hash = NULL, hasher = NULL WHERE repo IS NOT NULL AND $1 LIKE $2 || path || name',
      [path, `${scene.dataDir}/ManagedRepository/`],
    );
  const [{ id }] = (await scene.sql(`SELECT ome_nextval('seq_annotation') AS id`)) as [{ id: string }];
  await scene.sql(
    `INSERT INTO annotation (id, discriminator, ns, name, description, permissions, version, creation_id, update_id, owner_id, group_id)
     SELECT $1, '/map/', 'archiving', 'ARCHIVED', 'Owner : 2 : alice', -40, 0, 0, 0, i.owner_id, i.group_id FROM image i WHERE i.id = $2`,
    [id, marked[0]],
  );
  await scene.sql(
    `INSERT INTO annotation_mapvalue (annotation_id, name, value, index) VALUES ($1, 'ARCHIVED', 'True', 0)`,
    [id],
  );
  await scene.sql(
    `INSERT INTO imageannotationlink (id, parent, child, permissions, version, creation_id, update_id, owner_id, group_id)
     SELECT ome_nextval('seq_imageannotationlink'), i.id, $1, -40, 0, 0, 0, i.owner_id, i.group_id FROM image i WHERE i.id = ANY($2)`,
    [id, marked],
  );
}
