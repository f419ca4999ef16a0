import pg from 'pg';
import { NotYet } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';
import { claimed, sampleRegister, started } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
let database: pg.Client;
beforeAll(async () => {
  const sample = await sampleRegister('status');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
  database = new pg.Client({ connectionString: sample.url });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await register.close();
});

const reason = 'store main does not call bag 1 durable yet (PENDING)';

/** One bag waits, as a stage gave it back. */
async function waits(why: NotYet): Promise<void> {
  await started(register, [1]);
  const [due] = await register.claims.due(['approved', 'hashed', 'copied', 'verified']);
  await register.claims.postpone(await claimed(register, due!.bagId), 60_000, why, false);
}

const waitsFor = (age: string): Promise<unknown> =>
  database.query(`UPDATE coldroom.bag SET waiting_since = now() - $1::interval WHERE waiting_since IS NOT NULL`, [age]);

test('a wait of more than an hour is a warning, with the last answer of the store', async () => {
  await waits(new NotYet('NOT_DURABLE_YET', reason, { delayMs: 60_000 }));
  await waitsFor('59 minutes');
  expect((await coldroom(['status'], env)).stdout).not.toContain('WARNING');
  await waitsFor('61 minutes');
  expect((await coldroom(['status'], env)).stdout).toMatch(
    /WARNING {2}waiting since .*: 1 bag until .*: store main .* \(PENDING\)/,
  );
  const { waiting } = json<{ waiting: unknown[] }>(await coldroom(['status', '--json'], env));
  expect(waiting).toEqual([expect.objectContaining({ reason, since: expect.any(String) })]);
});

test('a wait without a deadline, such as that for the end of a hold, is none', async () => {
  await waits(new NotYet('HELD', 'the originals stay held', { delayMs: 60_000, noDeadline: true }));
  const { waiting } = json<{ waiting: { reason: string }[] }>(await coldroom(['status', '--json'], env));
  expect(waiting.find((row) => row.reason === 'the originals stay held')).toMatchObject({ since: null });
});
