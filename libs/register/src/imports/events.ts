import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';

/** Adds to the audit log what happened to an order. */
export async function writeImportEvent(
  client: pg.PoolClient,
  event: {
    readonly importId: bigint;
    readonly actor: string;
    readonly what: string;
    readonly from?: ImportState;
    readonly to?: ImportState;
    readonly code?: string | undefined;
    readonly detail?: object;
  },
): Promise<void> {
  const { importId, actor, what, from = null, to = null, code = null, detail = null } = event;
  await client.query(
    `INSERT INTO event (actor, import_id, what, from_state, to_state, code, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [actor, importId, what, from, to, code, detail],
  );
}
