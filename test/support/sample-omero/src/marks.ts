import { Client } from 'pg';

export interface MarkNote {
  /** Years; 0 means never. */
  readonly expiry?: number;
  readonly description?: string;
}

interface Annotation {
  readonly imageIds: readonly number[];
  /** Owner of annotation and links. */
  readonly ownerId: number;
  readonly groupId: number;
  readonly discriminator?: string;
  readonly ns?: string | null;
  readonly name: string | null;
  readonly description?: string | null;
  readonly values?: ReadonlyArray<readonly [string, string]>;
  readonly textvalue?: string;
  readonly boolvalue?: boolean;
}

/**
 * Marks images as the older tool's script Archive_Images.py does when `requesterId` runs it: for each owner and group
 * one TO-ARCHIVE and one ARCHIVE NOTE annotation of the images' owner, with the requester in their description.
 */
export async function markImages(
  databaseUrl: string,
  imageIds: readonly number[],
  requesterId: number,
  note: MarkNote = {},
): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    const {
      rows: [requester],
    } = await client.query<{ omename: string }>('SELECT omename FROM experimenter WHERE id = $1', [requesterId]);
    if (!requester) throw new Error(`There is no experimenter ${requesterId} who could mark images.`);
    const { rows: runs } = await client.query<{ owner: string; group: string; ids: string[] }>(
      'SELECT owner_id AS owner, group_id AS "group", array_agg(id ORDER BY id) AS ids FROM image WHERE id = ANY($1::bigint[]) GROUP BY 1, 2 ORDER BY 1, 2',
      [imageIds],
    );
    for (const run of runs) {
      const annotation = {
        imageIds: run.ids.map(Number),
        ownerId: Number(run.owner),
        groupId: Number(run.group),
        ns: 'archiving',
        description: `Owner : ${requesterId} : ${requester.omename}`,
      };
      await annotate(client, { ...annotation, name: 'TO-ARCHIVE', values: [['TO-ARCHIVE', 'True']] });
      await annotate(client, {
        ...annotation,
        name: 'ARCHIVE NOTE',
        values: [
          ['Owner id', String(requesterId)],
          ['Owner', requester.omename],
          ['Expiry', String(note.expiry ?? 0)],
          ['Description', note.description ?? ''],
        ],
      });
    }
  });
}

/** Only looks like a mark, or is one by a user who may not mark. Returns the annotation's id. */
export async function annotateImages(databaseUrl: string, annotation: Annotation): Promise<number> {
  return withClient(databaseUrl, (client) => annotate(client, annotation));
}

/** Orders the import of a directory by an annotation on a dataset, as its owner does in OMERO.web. Returns its id. */
export async function orderImportOn(
  databaseUrl: string,
  { dataset, ownerId, directory }: { readonly dataset: number; readonly ownerId: number; readonly directory: string },
): Promise<number> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ group: string }>('SELECT group_id AS "group" FROM dataset WHERE id = $1', [
      dataset,
    ]);
    const groupId = Number(rows[0]?.group);
    const values = [
      ['Directory', directory],
      ['Transfer', ''],
      ['Done', ''],
    ] as const;
    const id = await annotate(client, { imageIds: [], ownerId, groupId, ns: 'archiving', name: 'IMPORT', values });
    await client.query(
      `INSERT INTO datasetannotationlink (id, parent, child, permissions, version, creation_id, update_id, owner_id, group_id)
      SELECT ome_nextval('seq_datasetannotationlink', 1), $2, id, permissions, 0, creation_id, update_id, owner_id, group_id
      FROM annotation WHERE id = $1`,
      [id, dataset],
    );
    return id;
  });
}

async function withClient<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } finally {
    await client.end();
  }
}

/**
 * As the server writes it: the event first, made known to the triggers, then annotation, values, links and the event
 * log.
 */
async function annotate(client: Client, annotation: Annotation): Promise<number> {
  const {
    imageIds,
    ownerId,
    groupId,
    discriminator = '/map/',
    ns = null,
    name,
    description = null,
    values = [],
    textvalue = null,
    boolvalue = null,
  } = annotation;
  const next = async (sequence: string, count = 1): Promise<number> =>
    Number(
      (await client.query<{ last: string }>('SELECT ome_nextval($1, $2) AS last', [sequence, count])).rows[0]?.last,
    ) -
    count +
    1;
  const permissions = Number(
    (await client.query<{ permissions: string }>('SELECT permissions FROM experimentergroup WHERE id = $1', [groupId]))
      .rows[0]?.permissions,
  );
  const [event, id, link] = [
    await next('seq_event'),
    await next('seq_annotation'),
    await next('seq_imageannotationlink', imageIds.length),
  ];
  await client.query(
    `INSERT INTO event (id, permissions, "time", experimenter, experimentergroup, session, type)
    SELECT $1, -820, now() AT TIME ZONE 'UTC', $2, $3, 0, id FROM eventtype WHERE value = 'User'`,
    [event, ownerId, groupId],
  );
  await client.query('SELECT _prepare_session($1, $2, $3)', [event, ownerId, groupId]);
  await client.query(
    `INSERT INTO annotation (id, discriminator, ns, name, description, textvalue, boolvalue, permissions, version, creation_id, update_id, owner_id, group_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9, $10, $11)`,
    [id, discriminator, ns, name, description, textvalue, boolvalue, permissions, event, ownerId, groupId],
  );
  await client.query(
    `INSERT INTO annotation_mapvalue (annotation_id, name, value, index)
    SELECT $1, name, value, position - 1 FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS pairs (name, value, position)`,
    [id, values.map(([key]) => key), values.map(([, value]) => value)],
  );
  await client.query(
    `INSERT INTO imageannotationlink (id, parent, child, permissions, version, creation_id, update_id, owner_id, group_id)
    SELECT $1 + position - 1, image, $2, $3, 0, $4, $4, $5, $6 FROM unnest($7::bigint[]) WITH ORDINALITY AS images (image, position)`,
    [link, id, permissions, event, ownerId, groupId, imageIds],
  );
  const log = await next('seq_eventlog', imageIds.length + 1);
  await client.query(
    `INSERT INTO eventlog (id, permissions, action, entitytype, entityid, event)
    SELECT $1 + position, -35, 'INSERT', CASE position WHEN 0 THEN 'ome.model.annotations.' || $2 ELSE 'ome.model.annotations.ImageAnnotationLink' END,
           CASE position WHEN 0 THEN $3 ELSE $4 + position - 1 END, $5
    FROM generate_series(0, $6::int) AS position`,
    [log, ENTITIES[discriminator] ?? 'Annotation', id, link, event, imageIds.length],
  );
  return id;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '/map/': 'MapAnnotation',
  '/basic/text/tag/': 'TagAnnotation',
  '/basic/bool/': 'BooleanAnnotation',
};
