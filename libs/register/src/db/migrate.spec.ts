import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileStates, requestStates, workStates } from '@coldroom/domain';
import { migrate } from './migrate';
import { freshDatabase, type FreshDatabase } from '../testing/fresh-register';

const migrations = readdirSync(join(__dirname, '..', '..', 'migrations'))
  .map((file) => file.replace('.sql', ''))
  .sort();

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

/** The words that a CHECK constraint lists. */
async function listed(table: string, column: string): Promise<string[]> {
  const { rows } = await database.sql.query<{ definition: string }>(
    `SELECT pg_get_constraintdef(c.oid) AS definition FROM pg_constraint c
     WHERE c.conrelid = $1::regclass AND c.contype = 'c' AND c.conkey = ARRAY[(SELECT attnum FROM pg_attribute WHERE attrelid = c.conrelid AND attname = $2)]`,
    [table, column],
  );
  expect(rows).toHaveLength(1);
  return [...(rows[0]?.definition ?? '').matchAll(/'([^']*)'::text/g)].map((match) => match[1] ?? '').sort();
}

describe('migrate', () => {
  it('works with ten callers at once, and only one does it', async () => {
    const done = await Promise.all(Array.from({ length: 10 }, () => migrate(database.url)));
    expect(done.filter((names) => names.length > 0)).toEqual([migrations]);
  });

  it('does nothing the second time', async () => {
    expect(await migrate(database.url)).toEqual([]);
  });

  it('refuses a register that a newer version has migrated, and says what to do', async () => {
    const newest = migrations.at(-1) ?? '';
    await database.sql.query(`INSERT INTO migration (name, run_on) VALUES ('9999_of_a_newer_version', now())`);
    try {
      await expect(migrate(database.url)).rejects.toMatchObject({
        kind: 'refused',
        code: 'REGISTER_NEWER',
        message: expect.stringMatching(`newer version of Coldroom \\(9999_of_a_newer_version\\).*${newest} only; run`),
      });
    } finally {
      await database.sql.query(`DELETE FROM migration WHERE name LIKE '9999%'`);
    }
  });

  it('is a Transient where no server answers', async () => {
    await expect(migrate('postgres://nobody:x@127.0.0.1:1/none')).rejects.toMatchObject({
      kind: 'transient',
      code: 'REGISTER_UNAVAILABLE',
    });
  });
});

describe('the tables', () => {
  it('have the same states as the domain', async () => {
    expect(await listed('file', 'state')).toEqual([...fileStates].sort());
    expect(await listed('request', 'state')).toEqual([...requestStates].sort());
    expect(await listed('bag', 'state')).toEqual([...workStates, 'done'].sort());
  });

  it('define what each state means for its fileset', async () => {
    const {
      rows: [request],
    } = await database.sql.query(
      `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester) VALUES ('New', 1, '', 1, '', 1, '') RETURNING id`,
    );
    await database.sql.query(
      `INSERT INTO file (request_id, fileset, root, path, display, size, identity, state, stuck_from, code, released_at)
       SELECT $1, '', 'Files', state::bytea, '', 0, '', state, CASE WHEN state = 'stuck' THEN 'approved' END, 'X', now() FROM unnest($2::text[]) AS state`,
      [request.id, fileStates],
    );
    const { rows } = await database.sql.query<{ phase: string; states: string[] }>(
      'SELECT phase, array_agg(state ORDER BY state) AS states FROM file GROUP BY phase ORDER BY phase',
    );
    expect(Object.fromEntries(rows.map((row) => [row.phase, row.states]))).toEqual({
      early: ['approved', 'copied', 'hashed', 'registered', 'stuck', 'verified'],
      sealed: ['sealed'],
      'given up': ['abandoned', 'declined', 'undone'],
      restored: ['restored'],
      linked: ['linked', 'released'],
      moving: ['moveCopied', 'moveSealed', 'moveVerified', 'moving'],
      fetchVerified: ['fetchVerified'],
      recalled: ['recalled'],
      retrieving: ['fetched', 'online', 'retrieving'],
      skipped: ['skipped'],
      undoing: ['undoing'],
    });
  });

  it.each([
    ['stuck without saying from where', `UPDATE file SET stuck_from = NULL WHERE state = 'stuck'`],
    ['from where without being stuck', `UPDATE file SET stuck_from = 'approved' WHERE state = 'sealed'`],
    ['stuck without a code', `UPDATE file SET code = NULL WHERE state = 'stuck'`],
    ['skipped without a code', `UPDATE file SET code = NULL WHERE state = 'skipped'`],
    ['a file that was never looked at', `UPDATE file SET identity = NULL WHERE state = 'sealed'`],
    ['released without saying since when', `UPDATE file SET released_at = NULL WHERE state = 'released'`],
    ['an unknown state', `UPDATE file SET state = 'gone' WHERE state = 'sealed'`],
    ['an unknown root', `UPDATE file SET root = 'tmp' WHERE state = 'sealed'`],
  ])('refuse %s', async (_name, statement) => {
    await expect(database.sql.query(statement)).rejects.toMatchObject({ code: '23514' });
  });

  it.each(["UPDATE event SET actor = 'nobody'", 'DELETE FROM event', 'TRUNCATE event', 'TRUNCATE event CASCADE'])(
    'never forget an event: %s',
    async (statement) => {
      await database.sql.query(`INSERT INTO event (actor, what) VALUES ('test', 'seen')`);
      await expect(database.sql.query(statement)).rejects.toThrow('events are never changed or deleted');
      const { rows } = await database.sql.query(`SELECT DISTINCT actor FROM event`);
      expect(rows).toEqual([{ actor: 'test' }]);
    },
  );
});
