import { join } from 'node:path';
import type { PlannedFile } from './disk';
import { importFileset } from './import-fileset';
import { markImages } from './marks';
import { createGroup, createUser } from './people';
import { OmeroServer, type SamplePlace, type SampleUser } from './server';

export interface TinyPlan extends SamplePlace {
  readonly filesets: ReadonlyArray<{ readonly files: readonly PlannedFile[]; readonly images?: number }>;
  /** Marks every image by its owner. */
  readonly mark?: boolean;
  readonly omename?: string;
}

export interface TinyOmero {
  readonly user: { readonly id: number; readonly omename: string; readonly groupId: number };
  readonly managedUuid: string;
  readonly imageIds: readonly number[];
  readonly filesets: ReadonlyArray<{
    readonly id: number;
    readonly imageIds: readonly number[];
    /** Absolute. */ readonly paths: readonly string[];
  }>;
}

/**
 * An OMERO with just these filesets; further calls may add more. The user (`alice`, group `microscopy`) is created if
 * missing.
 */
export async function buildTinyOmero(plan: TinyPlan): Promise<TinyOmero> {
  const server = await OmeroServer.open(plan);
  const filesets: Array<TinyOmero['filesets'][number]> = [];
  let user: SampleUser;
  try {
    user = await findOrCreateUser(server, plan.omename ?? 'alice');
    for (const { files, images = 1 } of plan.filesets) {
      const imported = await importFileset(server, { owner: user, files, images });
      filesets.push({
        id: imported.fileset ?? 0,
        imageIds: imported.imageIds,
        paths: imported.files.map((path) => join(server.disk.dataDir, path)),
      });
    }
  } finally {
    await server.close();
  }
  const imageIds = filesets.flatMap((fileset) => fileset.imageIds);
  if (plan.mark && imageIds.length > 0) await markImages(plan.databaseUrl, imageIds, user.id);
  return {
    user: { id: user.id, omename: user.omename, groupId: user.groupId },
    managedUuid: server.managedUuid,
    imageIds,
    filesets,
  };
}

async function findOrCreateUser(server: OmeroServer, omename: string): Promise<SampleUser> {
  const {
    rows: [found],
  } = await server.client.query<{ id: string; group: string; permissions: string }>(
    `SELECT e.id, g.id AS "group", g.permissions FROM experimenter e JOIN groupexperimentermap m ON m.child = e.id AND m.child_index = 0
     JOIN experimentergroup g ON g.id = m.parent WHERE e.omename = $1`,
    [omename],
  );
  if (found)
    return { id: Number(found.id), omename, groupId: Number(found.group), permissions: Number(found.permissions) };
  const {
    rows: [group],
  } = await server.client.query<{ id: string; permissions: string }>(
    `SELECT id, permissions FROM experimentergroup WHERE name = 'microscopy'`,
  );
  return createUser(server, {
    omename,
    firstname: omename,
    lastname: 'Example',
    group: group
      ? { id: Number(group.id), name: 'microscopy', permissions: Number(group.permissions) }
      : await createGroup(server, 'microscopy', -40),
  });
}
