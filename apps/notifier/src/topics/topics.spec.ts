import { Templates } from '@coldroom/mail';
import type { CheckedCopy, MailTopic, NewMail } from '@coldroom/register';
import type { Site } from '../notifier-settings';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { archive, step } from '../testing/progress';
import { alice, dora, olga, Scene } from '../testing/scene';
import { BadCopies } from './bad-copies';
import { Decisions } from './decisions';
import { NewRequests } from './new-requests';
import { Proposals } from './proposals';
import { Outcomes } from './outcomes';
import { Retrievals } from './retrievals';
import { StuckFiles } from './stuck-files';
import { Switches } from './switches';
import type { Topic } from './topic';
import { TroubleReports } from './troubles';

const site: Site = {
  administrators: [{ name: '', address: 'admin@example.org' }],
  roles: { managers: ['dora'], administrators: [], auditors: [] },
  url: 'https://facility.example.org/coldroom/',
  silenceMs: 60_000,
  backupOldMs: 2 * 86_400_000,
  digestAt: '07:00',
};

let scene: Scene;
let topics: readonly Topic[];
beforeEach(async () => {
  scene = await Scene.create('topics');
  const recipients = new Recipients(scene.register, site);
  const facts = new RequestFacts(site);
  const { register } = scene;
  topics = [
    new Decisions(register, recipients, facts),
    new NewRequests(register, recipients, facts),
    new Proposals(register, recipients, facts),
    new Outcomes(register, recipients, facts),
    new Retrievals(recipients, facts),
    new StuckFiles(register, recipients, facts),
    new Switches(recipients, facts),
    new BadCopies(register, recipients, facts),
    new TroubleReports(recipients, facts),
  ];
});
afterEach(() => scene.close());

/** Collects all topics and renders what they queue: `recipient: subject`, and the texts. */
async function mails(): Promise<{ readonly heads: readonly string[]; readonly texts: string }> {
  const made: NewMail[] = [];
  for (const topic of topics)
    await scene.register.mailEvents.collect(topic as MailTopic, async (events, all) => {
      const plan = await topic.plan(events, all);
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
  return {
    heads: rendered.map(({ to, subject }) => `${to}: ${subject}`).sort(),
    texts: rendered.map(({ text }) => text).join('\n'),
  };
}
const toBoth = (subject: string): readonly string[] =>
  ['alice', 'olga'].map((login) => `${login}@example.org: ${subject}`);

async function started(files = 2): Promise<bigint> {
  const id = await scene.request(files);
  await scene.register.requests.approve(id, 'dora');
  await scene.register.requests.start(id, 'main', (nr) => `request-${id}-${nr}`, 'scanner');
  await mails();
  return id;
}

test('a scan gives the data managers one mail about all its requests, once it is over', async () => {
  const scan = await scene.register.scans.ask('clock');
  await scene.register.scans.begin();
  const ids = [await scene.request(), await scene.request()];
  expect((await mails()).heads).toEqual([]);
  await scene.register.scans.finish(scan, {}, null);
  const { heads, texts } = await mails();
  expect(heads).toEqual(['dora@example.org: 2 requests to decide (3.91 KiB)']);
  for (const id of ids) expect(texts).toContain(`https://facility.example.org/coldroom/requests/${id}`);
  expect(texts).toContain('  What it is: Zebrafish <line 7>\n  Why: published\n  To be kept for: 10 years\n');
  expect((await mails()).heads).toEqual([]);
});

test('requests that were decided meanwhile are not reported as waiting', async () => {
  const id = await scene.request();
  await scene.register.requests.decline(id, 'dora', 'too early');
  expect((await mails()).heads).toEqual(toBoth(`Request ${id} is declined`));
});

test('a decision is reported to requester and owner, with its reason as one line of text', async () => {
  const id = await scene.request();
  await scene.register.requests.decline(id, 'dora', 'Too early.\r\nBcc: evil@example.org\n<script>');
  const { heads, texts } = await mails();
  expect(heads).toEqual(expect.arrayContaining([...toBoth(`Request ${id} is declined`)]));
  expect(texts).toContain('Too early. Bcc: evil@example.org <script>');
});

test('requester and owner who are one person get one mail', async () => {
  const id = await scene.request();
  await scene.sql.query('UPDATE request SET owner_id = requester_id, owner = requester WHERE id = $1', [id]);
  await scene.register.requests.approve(id, 'dora');
  expect((await mails()).heads.filter((head) => head.includes('approved'))).toEqual([
    `alice@example.org: Request ${id} is approved`,
  ]);
});

test('a request that grew is reported to requester, owner and data managers', async () => {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  await mails();
  await scene.sql.query(`INSERT INTO event (actor, request_id, what, to_state, code, detail)
    VALUES ('scanner', ${id}, 'reopen', 'New', 'CLOSURE_GREW', '{"added": 3}')`);
  const subject = `Request ${id} has grown and waits for a new decision`;
  expect((await mails()).heads).toEqual([...toBoth(subject), `dora@example.org: ${subject}`].sort());
});

test('a request is reported as archived once, and as freed once', async () => {
  const id = await started();
  await archive(scene.register);
  expect((await mails()).heads).toEqual(toBoth(`Request ${id} is archived`));
  expect((await mails()).heads).toEqual([]);
  await step(scene.register, 'linked');
  expect((await mails()).heads).toEqual(toBoth(`Request ${id}: the originals are removed`));
});

test('a request of which a part is stuck is reported with what is stuck, also to administrators', async () => {
  const id = await started(3);
  await archive(scene.register, (file) => file.path.toString().endsWith('/1.tif'));
  const { heads, texts } = await mails();
  expect(heads).toEqual(['admin@example.org: 1 file stuck', ...toBoth(`Request ${id} is archived in part`)]);
  expect(texts).toContain('1 file (1000 B), DIGEST_DIFFERS: ');
  expect(texts).toContain('coldroom files retry File:');
});

test('administrators get one mail an hour about stuck files, and none is forgotten', async () => {
  await started();
  await archive(scene.register, () => true);
  expect((await mails()).heads).toContain('admin@example.org: 2 files stuck');
  await started(1);
  await archive(scene.register, () => true);
  expect((await mails()).heads.filter((head) => head.startsWith('admin'))).toEqual([]);
  await scene.sql.query(`UPDATE mail SET created_at = created_at - interval '61 minutes'`);
  expect((await mails()).heads).toEqual(['admin@example.org: 3 files stuck']);
});

test('who requested a restore or a recall hears of it, of its end and of trouble', async () => {
  const id = await started();
  await archive(scene.register);
  await step(scene.register, 'linked');
  await mails();
  const target = { kind: 'Request', ids: [id] } as const;
  await scene.register.retrievals.ask(target, { way: 'recall', days: 14 }, 'alice');
  expect((await mails()).heads).toEqual(['alice@example.org: The recall of 1 image is requested']);
  for (const state of ['retrieving', 'online', 'fetched', 'fetchVerified'] as const) await step(scene.register, state);
  const done = await mails();
  expect(done.heads).toEqual(['alice@example.org: The recall of 1 image is done']);
  expect(done.texts).toMatch(/are online until \d+ \w+ \d{4}/);
  await scene.register.retrievals.ask(target, { way: 'restore', days: 0 }, 'olga');
  await step(scene.register, 'retrieving', () => true);
  expect((await mails()).heads).toEqual(
    expect.arrayContaining([
      'olga@example.org: The restore of 1 image is requested',
      'olga@example.org: The restore of 1 image is blocked',
    ]),
  );
});

test('administrators hear of stops, of breakers and of resumes that resumed something', async () => {
  await scene.register.switches.resume(undefined, 'root');
  await scene.register.switches.stop('all', 'the store is full', 'root');
  await scene.sql.query(`INSERT INTO event (actor, what, detail)
    VALUES ('breaker', 'stop', '{"switch": "stage:copy", "reason": "21 files failed within an hour"}')`);
  await scene.register.switches.resume('all', 'root');
  expect((await mails()).heads).toEqual([
    'admin@example.org: Too many failures: stage copy is stopped',
    'admin@example.org: everything is resumed',
    'admin@example.org: everything is stopped',
  ]);
});

test('people without a usable address get no mail, and the outbox says why', async () => {
  await scene.people({ ...alice, email: null }, { ...olga, email: 'olga@example.org, evil@example.org' }, dora);
  await scene.register.requests.approve(await scene.request(), 'dora');
  await mails();
  await scene.people(dora, { ...olga, active: false });
  await scene.register.requests.approve(await scene.request(), 'dora');
  await mails();
  expect((await scene.register.outbox.list(['refused'])).map(({ code }) => code).sort()).toEqual([
    'MAIL_ADDRESS_INVALID',
    'MAIL_ADDRESS_MISSING',
    'MAIL_PERSON_INACTIVE',
    'MAIL_PERSON_UNKNOWN',
  ]);
});

test('a bad copy is reported once, not at each check, and again when it is found bad in another way', async () => {
  await started();
  await archive(scene.register);
  await mails();
  const { value } = await scene.register.fixity.bags({}).next();
  const [copy] = value as readonly CheckedCopy[];
  const bad = async (code: string): Promise<void> =>
    scene.register.fixity.record([{ copy: copy!, fault: { code, reason: 'other bytes' } }], 'fixity');
  await bad('COPY_DIFFERS');
  const { heads, texts } = await mails();
  expect(heads).toEqual(['admin@example.org: Bad copies: 1 file']);
  expect(texts).toMatch(/- File:\d+ .*\.tif\n {2}COPY_DIFFERS: other bytes/);
  expect(texts).toContain('coldroom verify File:');
  await scene.sql.query(`UPDATE mail SET created_at = created_at - interval '61 minutes'`);
  await bad('COPY_DIFFERS');
  expect((await mails()).heads).toEqual([]);
  await bad('COPY_MISSING');
  expect((await mails()).heads).toEqual(['admin@example.org: Bad copies: 1 file']);
});

test('administrators hear once that a store is unavailable or filling up, and when that is over', async () => {
  const unavailable = {
    name: 'store unavailable:tape',
    code: 'STORE_UNAVAILABLE',
    detail: { store: 'tape', reason: 'the marker file is missing' },
  };
  const fillingUp = {
    name: 'store filling up:main',
    detail: { store: 'main', directory: '/archive', free: '5000000000', total: '100000000000' },
  };
  const buffer = {
    name: 'buffer filling up:main',
    detail: { buffer: 'main', directory: '/buffer', free: '5000000000', total: '100000000000' },
  };
  await scene.register.troubles.found([unavailable, fillingUp, buffer], 'store watch');
  await scene.register.troubles.found([unavailable], 'store watch');
  const { heads, texts } = await mails();
  expect(heads).toEqual([
    'admin@example.org: The buffer main is filling up: 4.66 GiB free',
    'admin@example.org: The store main is filling up: 4.66 GiB free',
    'admin@example.org: The store tape is not available',
  ]);
  expect(texts).toContain('STORE_UNAVAILABLE: the marker file is missing');
  await scene.register.troubles.over([buffer.name], 'store watch');
  expect((await mails()).heads).toEqual(['admin@example.org: Over: The buffer main has enough space again']);
  await scene.register.troubles.over([unavailable.name, 'store unavailable:other'], 'store watch');
  expect((await mails()).heads).toEqual(['admin@example.org: Over: The store tape is available again']);
});

test('administrators hear of a backup that failed, of one that is old, and that one succeeds again', async () => {
  const failed = {
    name: 'backup failed:omero directory',
    code: 'BACKUP_NO_SPACE',
    detail: { database: 'omero', place: 'directory', shown: '/backup', reason: 'There is not enough space' },
  };
  const old = { name: 'backup old:register', detail: { database: 'register', since: '2026-11-27T02:30:00.000Z' } };
  await scene.register.troubles.found([failed, old], 'test');
  const { heads, texts } = await mails();
  expect(heads).toEqual([
    "admin@example.org: The backup of OMERO's database failed",
    'admin@example.org: The backup of the register is old',
  ]);
  expect(texts).toContain('to /backup failed:\n\nThere is not enough space (BACKUP_NO_SPACE)');
  expect(texts).toContain('2026-11-27 02:30');
  const drill = {
    name: 'drill failed:register',
    code: 'DRILL_RESTORE_FAILED',
    detail: { shown: '/backup', reason: 'x' },
  };
  await scene.register.troubles.found([drill], 'test');
  expect((await mails()).heads).toEqual(['admin@example.org: The newest backup could not be restored']);
  await scene.register.troubles.over([failed.name, drill.name], 'test');
  expect((await mails()).heads.toSorted()).toEqual([
    "admin@example.org: Over: The backup of OMERO's database succeeds again",
    'admin@example.org: Over: The newest backup can be restored again',
  ]);
  await scene.register.troubles.found([{ ...failed, detail: { ...failed.detail, left: true } }], 'test');
  await mails();
  await scene.register.troubles.over([failed.name], 'test');
  expect((await mails()).heads).toEqual([
    "admin@example.org: Over: The backup of OMERO's database to /backup was not set up for the last run",
  ]);
});

test('all that one audit found is one mail', async () => {
  const detail = {
    total: 2,
    objects: ['File:1', 'File:2'],
    title: 'The store has no copy',
    examples: [{ object: 'File:1', path: 'ManagedRepository/a', found: 'nothing', remedy: 'restore the bag' }],
  };
  const found = ['LOST', 'DANGLING'].map((code) => ({ name: `audit finding:${code}`, code, detail }));
  await scene.register.troubles.found(found, 'audit');
  const { heads, texts } = await mails();
  expect(heads).toEqual(['admin@example.org: The audit found something: 4 findings']);
  expect(texts).toContain('File:1, ManagedRepository/a: nothing\n    restore the bag\n  and 1 more');
});

test('a scan with more requests than are shown is still one mail, with the totals of all', async () => {
  const scan = await scene.register.scans.ask('clock');
  for (let nr = 0; nr < 23; nr += 1) await scene.request(1);
  await scene.register.scans.finish(scan, {}, null);
  const { heads, texts } = await mails();
  expect(heads).toEqual(['dora@example.org: 23 requests to decide (22.5 KiB)']);
  expect(texts.match(/- Request/g)).toHaveLength(20);
  expect(texts).toContain('- and 3 other requests');
});

test('more stuck files than are read at once are one mail, and no mail follows for the rest', async () => {
  await started(1);
  await archive(scene.register, () => true);
  await scene.sql.query(
    `INSERT INTO event (actor, what, code) SELECT 'a service', 'fail', 'COPY_DIFFERS' FROM generate_series(1, 1200)`,
  );
  expect((await mails()).heads.filter((head) => head.startsWith('admin'))).toHaveLength(1);
  await scene.sql.query(`UPDATE mail SET created_at = created_at - interval '61 minutes'`);
  expect((await mails()).heads).toEqual([]);
});

test('a proposal is mailed to its owner alone; data managers read of it once the time to object is over', async () => {
  const id = await scene.request(2, { policy: 'old-data', title: 'Data of old projects', objectionDays: 14 });
  const { heads, texts } = await mails();
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatch(
    /^olga@example.org: Proposed for archiving: 1 image of yours \(1.95 KiB\), unless you object by /,
  );
  expect(texts).toContain(`https://facility.example.org/coldroom/requests/${id}`);
  expect(texts).toContain('by a rule of your facility: Data of old projects.');
  await scene.sql.query(`UPDATE request SET objections_until = now() - interval '1 s'`);
  await scene.register.proposals.endObjections('scanner');
  expect((await mails()).heads).toEqual(['dora@example.org: 1 request to decide (1.95 KiB)']);
});

test('a proposal that was withdrawn before its mail gives none', async () => {
  const id = await scene.request(2, { policy: 'old-data', title: 'x', objectionDays: 14 });
  await scene.register.requests.withdraw(id, 'olga');
  expect((await mails()).heads).toEqual([]);
});
