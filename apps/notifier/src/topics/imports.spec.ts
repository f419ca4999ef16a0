import { Templates } from '@coldroom/mail';
import type { MailEvent, NewMail, PendingEvents } from '@coldroom/register';
import { AgeingMails } from '../ageing-mails';
import { ImportFacts } from '../import-facts';
import type { Site } from '../notifier-settings';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { alice, olga, Scene } from '../testing/scene';
import { Clock } from '../clock';
import { Imports } from './imports';
import { NotOrdered } from './not-ordered';
import { StuckFiles } from './stuck-files';

const site: Site = {
  administrators: [{ name: '', address: 'admin@example.org' }],
  roles: { managers: ['dora'], administrators: [], auditors: [] },
  url: 'https://facility.example.org/coldroom/',
  omeroWeb: 'https://omero.example.org/omero',
  silenceMs: 60_000,
  backupOldMs: 2 * 86_400_000,
  digestAt: '07:00',
};

let scene: Scene;
let imports: Imports;
beforeEach(async () => {
  scene = await Scene.create('imports');
  const requests = new RequestFacts(site);
  imports = new Imports(scene.register, new Recipients(scene.register, site), new ImportFacts(requests, site));
});
afterEach(() => scene.close());

async function ordered({ id, login } = alice, target = 'Dataset:5'): Promise<bigint> {
  const source = `/buffer/${login}/run ${Math.random()}`;
  const made = await scene.register.imports.orders.order(
    {
      personId: id,
      person: login,
      groupId: 3n,
      group: 'lab',
      source: Buffer.from(source),
      display: source,
      target,
      transfer: 'upload',
      options: {},
      origin: 'command',
    },
    login,
  );
  return made.id;
}

/** As the last stage leaves an order: the states before do not matter to mail. */
async function done(order: bigint, images = 2): Promise<void> {
  await scene.sql.query(
    "UPDATE import_order SET state = 'done', proven_at = now(), files = 3, bytes = 4096 WHERE id = $1",
    [order],
  );
  await scene.sql.query(
    "INSERT INTO import_fileset (order_id, number, reader, opened, fileset_id, images) VALUES ($1, 1, $2, 'a', $1, $3)",
    [order, 'R', images],
  );
  await event(order, 'unlock', 'done');
}
async function failed(order: bigint, reason = 'OMERO has no user of this name'): Promise<void> {
  await scene.sql.query(
    "UPDATE import_order SET state = 'stuck', stuck_from = 'hashed', code = 'OMERO_USER_UNKNOWN', reason = $2 WHERE id = $1",
    [order, reason],
  );
  await event(order, 'fail', 'stuck');
}
async function event(order: bigint, what: string, to: string): Promise<void> {
  await scene.sql.query(
    `INSERT INTO event (at, actor, import_id, what, to_state) VALUES (now() - interval '2 min', 'importer', $1, $2, $3)`,
    [order, what, to],
  );
}

/** `recipient: subject` of what is queued now, and the texts. */
async function mails(
  topic: Imports | NotOrdered | StuckFiles = imports,
): Promise<{ heads: readonly string[]; texts: string }> {
  const made: NewMail[] = [];
  await scene.register.mailEvents.collect(topic, async (events: readonly MailEvent[], all: PendingEvents) => {
    const plan = 'plan' in topic ? await topic.plan(events, all) : { handled: [], mails: [] };
    made.push(...plan.mails);
    return plan;
  });
  const rendered = await Promise.all(
    made.map(async ({ recipient, template, facts }) => ({
      to: recipient.address ?? recipient.key,
      ...(await new Templates().render(template, { ...facts, name: recipient.name ?? recipient.address })),
    })),
  );
  for (const { text, html } of rendered) expect(`${text}${html}`).not.toMatch(/\{\{|undefined|null|\[object/);
  const heads = rendered.map(({ to, subject }) => `${to}: ${subject}`).sort();
  return { heads, texts: rendered.map(({ text }) => text).join('\n') };
}

test('one import that is done is one mail, with links to the images and to the order', async () => {
  const id = await ordered();
  await done(id);
  const { heads, texts } = await mails();
  expect(heads).toEqual(['alice@example.org: 2 images imported into Dataset:5']);
  expect(texts).toContain('https://omero.example.org/omero/webclient/?show=dataset-5\n');
  expect(texts).toContain(`https://facility.example.org/coldroom/imports/${id}\n`);
  expect(texts).toMatch(/\/buffer\/alice\/run .* is imported: 2 images \(3 files, 4.00 KiB\)/);
  expect((await mails()).heads).toEqual([]);
});

test('files that OMERO left out are named in the mail, also in one about many', async () => {
  const id = await ordered();
  const leaveOut = (order: bigint, control = false) =>
    scene.sql.query(
      `INSERT INTO import_file (order_id, path, display, size, identity, control) VALUES ($1, $2::text::bytea, $2, 1, '', $3)`,
      [order, control ? 'import.yml' : 'notes <1>.txt', control],
    );
  await leaveOut(id);
  await leaveOut(id, true);
  await done(id);
  expect((await mails()).texts).toContain('OMERO does not import 1 file of it: notes <1>.txt.\n');
  for (const order of [await ordered(), await ordered()]) {
    await done(order);
    await leaveOut(order);
  }
  const { texts } = await mails();
  expect(texts.match(/OMERO does not import 1 file: notes <1>\.txt/g)).toHaveLength(2);
});

test('a target that is named has no link', async () => {
  await done(await ordered(alice, 'Dataset:name:today'), 1);
  const { heads, texts } = await mails();
  expect(heads).toEqual(['alice@example.org: 1 image imported into Dataset:name:today']);
  expect(texts).not.toContain('webclient');
});

test('a failure is reported to the person and to administrators, in plain words', async () => {
  const id = await ordered();
  await failed(id);
  const { heads, texts } = await mails();
  const subject = `Import ${id} needs a person`;
  expect(heads).toEqual([`admin@example.org: ${subject}`, `alice@example.org: ${subject}`]);
  expect(texts).toContain('OMERO has no user of this name');
});

test('one that was retried meanwhile is not reported', async () => {
  const id = await ordered();
  await failed(id);
  await scene.sql.query("UPDATE import_order SET state = 'locked', stuck_from = NULL WHERE id = $1", [id]);
  expect((await mails()).heads).toEqual([]);
});

test('many that end together are one mail for each person', async () => {
  for (let nr = 0; nr < 30; nr += 1) await done(await ordered());
  await failed(await ordered());
  await done(await ordered(olga));
  const { heads, texts } = await mails();
  expect(heads).toEqual([
    expect.stringMatching(/^admin@example.org: Import \d+ needs a person$/),
    'alice@example.org: 31 imports ended, 1 import failed',
    'olga@example.org: 2 images imported into Dataset:5',
  ]);
  expect(texts).toContain('- and 10 other imports');
});

test('after a mail about many, the next one is an hour away; another person waits no longer than that', async () => {
  for (let nr = 0; nr < 2; nr += 1) await done(await ordered());
  await scene.register.mailEvents.collect(imports, (events, all) => imports.plan(events, all));
  await done(await ordered());
  expect((await mails()).heads).toEqual([]);
  await scene.sql.query("UPDATE mail SET created_at = created_at - interval '1 hour'");
  expect((await mails()).heads).toEqual(['alice@example.org: 2 images imported into Dataset:5']);
});

test('what has just ended is gathered first', async () => {
  expect(await imports.isDue(new Date())).toBe(false);
  expect(await imports.isDue(new Date(Date.now() - 60_000))).toBe(true);
});

test('a failed import is no mail about stuck files', async () => {
  await failed(await ordered());
  const stuck = new StuckFiles(scene.register, new Recipients(scene.register, site), new RequestFacts(site));
  expect((await mails(stuck)).heads).toEqual([]);
});

test('imports that have waited for more than a day are one mail a day', async () => {
  const clock = clockOf();
  const ids = [await ordered(), await ordered(), await ordered(olga)];
  const waitFor = (hours: number, which: readonly bigint[]) =>
    scene.sql.query(
      `UPDATE import_order SET waiting_since = now() - $1 * interval '1 hour', note = 'scan.part still changes' WHERE id = ANY ($2)`,
      [hours, which],
    );
  const queued = async () =>
    (await scene.register.outbox.list(['waiting'])).map(({ address, template }) => `${address} ${template}`);
  await waitFor(23, ids);
  const noon = Date.UTC(2030, 0, 1, 12);
  await clock.run(noon);
  expect(await queued()).toEqual([]);
  await waitFor(25, ids.slice(0, 2));
  await clock.run(noon + 120_000);
  await clock.run(noon + 240_000);
  expect(await queued()).toEqual(['alice@example.org imports-wait']);
  await clock.run(noon + 86_400_000);
  expect(await queued()).toEqual(['alice@example.org imports-wait', 'alice@example.org imports-wait']);
});

test('sets that cannot be ordered are one mail an hour, to the person and to administrators', async () => {
  const requests = new RequestFacts(site);
  const topic = new NotOrdered(scene.register, new Recipients(scene.register, site), new ImportFacts(requests, site));
  const refused = async (name: string, login: string | null, look = 'a') => {
    const path = Buffer.from(`/buffer/${name}`);
    await scene.register.imports.watched.seen(path, path.toString(), look);
    const reason = `the manifest of ${name} is wrong`;
    return scene.register.imports.watched.refused(
      path,
      { look, code: 'IMPORT_MANIFEST_INVALID', reason, login },
      'importer',
    );
  };
  expect(await refused('alice/1', 'alice')).toBe(true);
  expect(await refused('alice/1', 'alice')).toBe(false);
  await refused('alice/2', 'alice');
  await refused('shared/3', null);
  const { heads, texts } = await mails(topic);
  expect(heads).toEqual(['admin@example.org: 3 sets not imported', 'alice@example.org: 2 sets not imported']);
  expect(texts).toContain('the manifest of shared/3 is wrong');
  await refused('alice/1', 'alice', 'b');
  expect((await mails(topic)).heads).toEqual([]);
  await scene.sql.query("UPDATE mail SET created_at = created_at - interval '1 hour'");
  expect((await mails(topic)).heads).toEqual([
    'admin@example.org: 1 set not imported',
    'alice@example.org: 1 set not imported',
  ]);
});

function clockOf(): Clock {
  const requests = new RequestFacts(site);
  const recipients = new Recipients(scene.register, site);
  const facts = new ImportFacts(requests, site);
  return new Clock(
    scene.register,
    recipients,
    requests,
    facts,
    new AgeingMails(scene.register, recipients, facts),
    site,
  );
}

test('data that was never imported is one mail a week, to each person and to data managers', async () => {
  const clock = clockOf();
  const days = (count: number) => new Date(Date.now() + count * 86_400_000);
  const data = (login: string, name: string, lifetimeAt: Date) => ({
    path: Buffer.from(`/buffer/${login}/${name}`),
    display: `/buffer/${login}/${name}`,
    login,
    files: 3,
    bytes: 4096n,
    changedAt: days(-60),
    lifetimeAt,
  });
  await scene.register.imports.unimported.found('main', [
    data('alice', '1', days(-1)),
    data('alice', '2', days(6)),
    data('alice', '3', days(8)),
    data('olga', '4', days(1)),
  ]);
  const queued = async () =>
    (await scene.register.outbox.list(['waiting'])).map(({ address, template }) => `${address} ${template}`).sort();
  const monday = Date.UTC(2030, 0, 7, 1);
  await clock.run(monday);
  await clock.run(monday + 6 * 86_400_000);
  const once = ['alice', 'dora', 'olga'].map((login) => `${login}@example.org buffer-ages`);
  expect(await queued()).toEqual(once);
  await clock.run(monday + 7 * 86_400_000);
  expect(await queued()).toHaveLength(6);
  const { rows } = await scene.sql.query<{ facts: Record<string, unknown> }>(
    'SELECT facts FROM mail_content ORDER BY id LIMIT 1',
  );
  const { text, subject } = await new Templates().render('buffer-ages', { ...rows[0]?.facts, name: 'Alice' });
  expect(subject).toBe('2 sets in the buffer not imported (8.00 KiB)');
  expect(text).toContain('- /buffer/alice/1: 3 files, 4.00 KiB, last changed ');
});
