import { Refused } from '@coldroom/domain';
import type { Session } from './session';
import { neededFunctions, neededSequences, needs } from './needs';

const supported = { version: 'OMERO5.4', patch: 0 } as const;
const grantsFile = 'docs/omero-grants.sql';

export interface OmeroVersion {
  readonly version: string;
  readonly patch: number;
}

interface Patch {
  currentversion: string;
  currentpatch: number;
  finished: string | null;
}

interface Column {
  name: string;
  exists: boolean;
}

/** Refuses a database that lacks tables, columns, sequences or functions that we use. */
export async function checkSchema(session: Session): Promise<void> {
  const missing = await missingColumns(session);
  if (missing.length > 0) {
    throw unknownSchema(`these are missing: ${missing.join(', ')}. Does OMERO_DATABASE_URL name OMERO's database?`, {
      missing,
    });
  }
}

/** Refuses an unsupported schema: another version, or an unfinished upgrade. */
export async function checkVersion(session: Session): Promise<OmeroVersion> {
  const [patch] = await session.rows<Patch>(
    'SELECT currentversion, currentpatch, finished FROM dbpatch ORDER BY id DESC LIMIT 1',
  );
  if (!patch) throw unknownSchema('dbpatch is empty: the database was never initialised. Run "omero db script" first.');
  const found = { version: patch.currentversion, patch: patch.currentpatch };
  if (found.version !== supported.version || found.patch !== supported.patch) {
    throw unknownSchema(
      `its version is ${found.version} patch ${found.patch}, we know ${supported.version} patch ${supported.patch} only (OMERO 5.4 to 5.6).`,
      found,
    );
  }
  if (patch.finished === null)
    throw unknownSchema(
      `its upgrade to ${found.version} patch ${found.patch} is not finished. Finish it, then try again.`,
      found,
    );
  const [type] = await session.rows<{ encoding: string }>("SELECT current_setting('server_encoding') AS encoding");
  if (type?.encoding !== 'UTF8')
    throw unknownSchema(
      `its encoding is ${type?.encoding}, OMERO requires UTF8: paths could not be read byte for byte.`,
    );
  return found;
}

async function missingColumns(session: Session): Promise<string[]> {
  const wanted = needs.flatMap(({ table, select, insert, update }) =>
    [...new Set(words(select, insert, update))].map((column) => ({ table, column })),
  );
  // The catalog also lists tables that we have no right to read.
  const rows = await session.rows<Column>(
    `SELECT n."table" || '.' || n."column" AS name, a.attname IS NOT NULL AS exists
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n("table", "column", position)
       LEFT JOIN pg_attribute a ON a.attrelid = to_regclass('public.' || quote_ident(n."table")) AND a.attname = n."column" AND NOT a.attisdropped
      ORDER BY n.position`,
    [wanted.map((want) => want.table), wanted.map((want) => want.column)],
  );
  const objects = await session.rows<Column>(
    `SELECT name, to_regclass('public.' || name) IS NOT NULL AS exists FROM unnest($1::text[]) AS name
     UNION ALL SELECT name, to_regprocedure('public.' || name) IS NOT NULL FROM unnest($2::text[]) AS name`,
    [neededSequences, neededFunctions],
  );
  return [...rows, ...objects].filter((row) => !row.exists).map((row) => row.name);
}

/** Refuses a role that lacks a right we will need, and names each: better now than in the middle of a scan. */
export async function checkRights(session: Session): Promise<void> {
  const missing = await session.rows<{ right: string }>(
    `SELECT format('%s (%s) ON %I', privilege, string_agg(quote_ident("column"), ', ' ORDER BY position), "table") AS right
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(privilege, "table", "column", position)
      WHERE NOT has_column_privilege('public.' || quote_ident("table"), "column", privilege) GROUP BY privilege, "table"
     UNION ALL SELECT format('DELETE ON %I', name) FROM unnest($4::text[]) AS name WHERE NOT has_table_privilege('public.' || quote_ident(name), 'DELETE')
     UNION ALL SELECT format('USAGE ON SEQUENCE %I', name) FROM unnest($5::text[]) AS name WHERE NOT has_sequence_privilege('public.' || name, 'USAGE')
     UNION ALL SELECT 'EXECUTE ON FUNCTION ' || name FROM unnest($6::text[]) AS name WHERE NOT has_function_privilege('public.' || name, 'EXECUTE')
     UNION ALL SELECT format('TEMPORARY ON DATABASE %I', current_database()) WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')`,
    [
      ...columnPrivileges(),
      needs.filter((need) => need.delete).map(({ table }) => table),
      neededSequences,
      neededFunctions,
    ],
  );
  if (missing.length === 0) return;
  const rights = missing.map((row) => row.right);
  throw new Refused(
    'OMERO_RIGHTS_MISSING',
    `The database role lacks rights on OMERO's database: ${rights.join('; ')}. Run ${grantsFile} there.`,
    { missing: rights },
  );
}

/** Parallel arrays: privileges, their tables, their columns. */
function columnPrivileges(): [string[], string[], string[]] {
  const wanted = needs.flatMap(({ table, select, insert, update }) => [
    ...words(select).map((column) => ['SELECT', table, column] as const),
    ...words(insert).map((column) => ['INSERT', table, column] as const),
    ...words(update).map((column) => ['UPDATE', table, column] as const),
  ]);
  return [
    wanted.map(([privilege]) => privilege),
    wanted.map(([, table]) => table),
    wanted.map(([, , column]) => column),
  ];
}

function words(...lists: readonly (string | undefined)[]): string[] {
  return lists.flatMap((list) => list?.split(' ') ?? []);
}

function unknownSchema(reason: string, details: Readonly<Record<string, unknown>> = {}): Refused {
  return new Refused('OMERO_SCHEMA_UNKNOWN', `OMERO's database is not as expected: ${reason}`, details);
}
