import { freshRegister } from '../testing/fresh-register';
import { running } from '../testing/sample-request';

let db: Awaited<ReturnType<typeof freshRegister>>;
let archived: bigint;
beforeAll(async () => {
  db = await freshRegister();
  archived = await running(db.register, { 'Fileset:1': [10n, 20n], 'Fileset:2': [5n], 'Fileset:3': [7n] });
  const waiting = await running(db.register, { 'Fileset:4': [9n] });
  await db.sql.query(
    `UPDATE file SET state = 'released', released_at = now() WHERE request_id = $1 AND fileset <> 'Fileset:3'`,
    [archived],
  );
  await db.sql.query(`UPDATE file SET state = 'restored' WHERE request_id = $1 AND fileset = 'Fileset:3'`, [archived]);
  await db.sql.query(`UPDATE request SET created_at = '2020-05-01T00:00:00Z'`);
  await note(archived, 'Fileset:1', '10', 'cells');
  await note(archived, 'Fileset:2', '2024-02-31', 'mice');
  await note(archived, 'Fileset:3', '1', 'is back');
  await note(waiting, 'Fileset:4', '1', 'is not archived yet');
});
afterAll(() => db.drop());

async function note(request: bigint, fileset: string, expiry: string, description: string): Promise<void> {
  await db.sql.query(
    `WITH note AS (INSERT INTO request_note (written_by, expiry, description, reason) VALUES ('ada', $3, $4, '') RETURNING id)
     UPDATE request_image SET note_id = note.id FROM note WHERE request_id = $1 AND fileset = $2`,
    [request, fileset, expiry, description],
  );
}

test('archived data is listed by when its expiry is due, in years or as a day', async () => {
  expect(await db.register.usage.expiring()).toMatchObject([
    { requestId: archived, expiry: '2024-02-31', due: new Date('2024-03-02T00:00:00Z'), files: 1, bytes: 5n },
    {
      requestId: archived,
      expiry: '10',
      due: new Date('2030-05-01T00:00:00Z'),
      files: 2,
      bytes: 30n,
      description: 'cells',
    },
  ]);
});

test.each(['0', '', 'always', '99999', '-1', '2024-13-01', "1'"])(
  '%j is no fault; without an end there is no row',
  async (expiry) => {
    await db.sql.query(`UPDATE request_note SET expiry = $1 WHERE description = 'mice'`, [expiry]);
    const found = await db.register.usage.expiring({ groupId: 2n });
    expect(found.every(({ description }) => description !== 'is back')).toBe(true);
    const mice = (await db.register.usage.expiring()).filter(({ description }) => description === 'mice');
    expect(mice.map(({ due }) => due)).toEqual(expiry === '0' || expiry === '' ? [] : [null]);
  },
);

test('others do not see it', async () => {
  expect(await db.register.usage.expiring({ visibleTo: { personId: 987n, groupIds: [] } })).toEqual([]);
});
