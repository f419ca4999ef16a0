import { Clock } from './clock';
import { AgeingMails } from './ageing-mails';
import { ImportFacts } from './import-facts';
import type { Site } from './notifier-settings';
import { Recipients } from './recipients';
import { RequestFacts } from './request-facts';
import { archive, step } from './testing/progress';
import { Scene } from './testing/scene';

const site: Site = {
  administrators: [{ name: '', address: 'admin@example.org' }],
  roles: { managers: ['dora'], administrators: [], auditors: [] },
  url: 'https://facility.example.org/coldroom/',
  silenceMs: 60_000,
  backupOldMs: 2 * 86_400_000,
  digestAt: '07:00',
};

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.create('clock');
});
afterEach(() => scene.close());

/** A later minute for each call. */
let minute = 0;
async function tick(): Promise<void> {
  const recipients = new Recipients(scene.register, site);
  const facts = new RequestFacts(site);
  const imports = new ImportFacts(facts, site);
  const ageing = new AgeingMails(scene.register, recipients, imports);
  await new Clock(scene.register, recipients, facts, imports, ageing, site).run((minute += 61_000));
}
async function queued(template: string): Promise<readonly string[]> {
  const mails = await scene.register.outbox.list(['waiting', 'refused']);
  return mails.filter((mail) => mail.template === template).map(({ address, code }) => address ?? code ?? '');
}
async function recalled(days: number): Promise<bigint> {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  await scene.register.requests.start(id, 'main', (nr) => `request-${id}-${nr}`, 'scanner');
  await archive(scene.register);
  await step(scene.register, 'linked');
  await scene.register.retrievals.ask({ kind: 'Request', ids: [id] }, { way: 'recall', days }, 'alice');
  for (const state of ['retrieving', 'online', 'fetched', 'fetchVerified'] as const) await step(scene.register, state);
  return id;
}
async function endsIn(hours: number): Promise<void> {
  await scene.sql.query(`UPDATE file SET online_until = now() + $1 * interval '1 hour' WHERE state = 'recalled'`, [
    hours,
  ]);
}

test('who requested a recall hears two days before its end, once', async () => {
  await recalled(14);
  await tick();
  expect(await queued('recall-ends')).toEqual([]);
  await endsIn(47);
  await tick();
  await tick();
  expect(await queued('recall-ends')).toEqual(['alice@example.org']);
});

test('files of one recall that end one after the other are one mail', async () => {
  await recalled(14);
  await scene.sql.query(
    `UPDATE file SET online_until = now() + (40 + id % 2) * interval '1 hour' WHERE state = 'recalled'`,
  );
  await tick();
  await scene.sql.query(
    `UPDATE file SET online_until = now() - interval '1 minute' WHERE state = 'recalled' AND id % 2 = 0`,
  );
  await tick();
  expect(await queued('recall-ends')).toEqual(['alice@example.org']);
});

test('a recall that was prolonged is announced again before its new end', async () => {
  const id = await recalled(14);
  await endsIn(47);
  await tick();
  await scene.register.retrievals.ask({ kind: 'Request', ids: [id] }, { way: 'recall', days: 30 }, 'alice');
  await tick();
  expect(await queued('recall-ends')).toHaveLength(1);
  await scene.sql.query(`UPDATE mail SET created_at = created_at - interval '28 days'`);
  await endsIn(46);
  await tick();
  expect(await queued('recall-ends')).toHaveLength(2);
});

test('a recall of two days or less is not announced: the mail that it is done says when', async () => {
  await recalled(2);
  await tick();
  expect(await queued('recall-ends')).toEqual([]);
});

test('a service that is silent past its deadline is recorded once, and once more when it reports again', async () => {
  const events = async (): Promise<readonly string[]> =>
    (
      await scene.sql.query<{ text: string }>(
        `SELECT what || ' ' || (detail->>'name') AS text FROM event WHERE what LIKE 'trouble%' ORDER BY id`,
      )
    ).rows.map(({ text }) => text);
  await scene.register.services.report('scanner', 60_000);
  await scene.register.services.report('linker', 60_000);
  await tick();
  expect(await events()).toEqual([]);
  await scene.sql.query(
    `UPDATE service_report SET reported_at = now() - interval '1 hour', next_at = now() - interval '61 seconds' WHERE service = 'linker'`,
  );
  await tick();
  await tick();
  expect(await events()).toEqual(['trouble found silent:linker']);
  await scene.register.services.report('linker', 60_000);
  await tick();
  expect(await events()).toEqual(['trouble found silent:linker', 'trouble over silent:linker']);
});

test('a database whose newest backup is too old is reported once, and once more when there is a new one', async () => {
  const { backupRuns, troubles } = scene.register;
  const made = async (place: 'directory' | 'bucket', daysAgo: number): Promise<void> => {
    const id = await backupRuns.begin({ kind: 'backup', database: 'omero', place, shown: '/backup' }, 'test');
    await backupRuns.finish(id, { name: 'x.dump', bytes: 1n });
    await scene.sql.query(`UPDATE backup_run SET finished_at = finished_at - $2 * interval '1 day' WHERE id = $1`, [
      id,
      daysAgo,
    ]);
  };
  const open = async (): Promise<readonly string[]> => (await troubles.list('backup old')).map(({ name }) => name);
  await made('directory', 5);
  await made('bucket', 1);
  await tick();
  expect(await open()).toEqual([]);
  await scene.sql.query(`UPDATE backup_run SET finished_at = finished_at - interval '2 days'`);
  await tick();
  expect(await open()).toEqual(['backup old:omero']);
  await made('directory', 0);
  await tick();
  expect(await open()).toEqual([]);
});
