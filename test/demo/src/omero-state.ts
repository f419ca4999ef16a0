import { Client } from 'pg';

const kept = 'coldroom_demo_before';

/** Keeps a copy of every OMERO table for the comparison at the end. */
export async function keepOmeroState(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`DROP SCHEMA IF EXISTS ${kept} CASCADE`);
    await client.query(`CREATE SCHEMA ${kept}`);
    for (const table of await tables(client))
      await client.query(`CREATE TABLE ${kept}.${table} AS TABLE public.${table}`);
  });
}

/** What Coldroom may change in OMERO's database, and how; anything else is a fault. */
const allowed: Readonly<Record<string, string>> = {
  annotation: `SELECT count(*) FROM (
      (SELECT * FROM public.annotation EXCEPT ALL SELECT * FROM before.annotation)
      UNION ALL (SELECT * FROM before.annotation EXCEPT ALL SELECT * FROM public.annotation)) d
    WHERE ns IS DISTINCT FROM 'archiving' OR discriminator <> '/map/'`,
  annotation_mapvalue: `SELECT count(*) FROM (SELECT * FROM public.annotation_mapvalue EXCEPT ALL SELECT * FROM before.annotation_mapvalue) d
    WHERE annotation_id IN (SELECT id FROM before.annotation)`,
  imageannotationlink: `SELECT count(*) FROM (
      SELECT child FROM (SELECT * FROM public.imageannotationlink EXCEPT ALL SELECT * FROM before.imageannotationlink) n
      UNION ALL SELECT child FROM (SELECT * FROM before.imageannotationlink EXCEPT ALL SELECT * FROM public.imageannotationlink) o) d
    WHERE child NOT IN (SELECT id FROM public.annotation WHERE ns = 'archiving' UNION SELECT id FROM before.annotation WHERE ns = 'archiving')`,
  image: `SELECT count(*) FROM (SELECT to_jsonb(i) - '{archived,version,update_id}'::text[] FROM public.image i
      EXCEPT ALL SELECT to_jsonb(i) - '{archived,version,update_id}'::text[] FROM before.image i) d`,
  event: 'SELECT count(*) FROM (SELECT * FROM before.event EXCEPT ALL SELECT * FROM public.event) d',
  eventlog: 'SELECT count(*) FROM (SELECT * FROM before.eventlog EXCEPT ALL SELECT * FROM public.eventlog) d',
  namespace:
    "SELECT count(*) FROM (SELECT * FROM public.namespace EXCEPT ALL SELECT * FROM before.namespace) d WHERE name <> 'archiving'",
  _reindexing_required:
    'SELECT count(*) FROM (SELECT * FROM before._reindexing_required EXCEPT ALL SELECT * FROM public._reindexing_required) d',
};

/** The faults found: tables that changed in a way that is not ours. */
export async function strangeChanges(url: string): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    const faults: string[] = [];
    for (const table of await tables(client)) {
      const plain = `SELECT count(*) FROM ((SELECT t::text FROM public.${table} t EXCEPT ALL SELECT t::text FROM before.${table} t)
        UNION ALL (SELECT t::text FROM before.${table} t EXCEPT ALL SELECT t::text FROM public.${table} t)) d`;
      const { rows } = await client.query<{ count: string }>(
        (allowed[table] ?? plain).replaceAll('before.', `${kept}.`),
      );
      if (rows[0]?.count !== '0')
        faults.push(`OMERO table ${table}: ${rows[0]?.count} rows changed in a way that is not ours`);
    }
    return faults;
  });
}

/** Images with our ARCHIVED mark, with ARCHIVE-PENDING, and with `image.archived`. */
export async function marksInOmero(
  url: string,
): Promise<Readonly<Record<'archived' | 'pending' | 'flag', ReadonlySet<string>>>> {
  return withClient(url, async (client) => {
    const marked = async (name: string): Promise<ReadonlySet<string>> => {
      const { rows } = await client.query<{ parent: string }>(
        `SELECT DISTINCT l.parent::text FROM imageannotationlink l JOIN annotation a ON a.id = l.child
         WHERE a.ns = 'archiving' AND a.discriminator = '/map/' AND a.name = $1`,
        [name],
      );
      return new Set(rows.map((row) => row.parent));
    };
    const { rows } = await client.query<{ id: string }>(`SELECT id::text FROM image i WHERE archived
      AND NOT coalesce((SELECT b.archived FROM ${kept}.image b WHERE b.id = i.id), false)`);
    return {
      archived: await marked('ARCHIVED'),
      pending: await marked('ARCHIVE-PENDING'),
      flag: new Set(rows.map((row) => row.id)),
    };
  });
}

async function tables(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(c.relname) AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
