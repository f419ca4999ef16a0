import { Client } from 'pg';
import type { CheckedCopy } from '@coldroom/register';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('audit');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}
const page = async (): Promise<string> => (await (await signedIn('dora')).get('/audit')).text;
const day = 86_400_000;

async function copies(): Promise<readonly CheckedCopy[]> {
  const found: CheckedCopy[] = [];
  for await (const some of running.register.fixity.bags({})) found.push(...some);
  return found;
}

test('without an audit and a check, it says how they are run', async () => {
  const text = await page();
  expect(text).toContain('No audit of everything has been completed');
  expect(text).toContain('<pre>coldroom audit</pre>');
  expect(text).toContain('COLDROOM_FIXITY_EVERY');
});

test('runs are shown with who ran them, what was looked at, and the result', async () => {
  const { auditRuns } = running.register;
  const looked = { files: 5000, images: 250, bags: 20 };
  const order = { by: 'olga', store: null, fix: false };
  await auditRuns.finish(await auditRuns.begin(order), { looked, findings: [], notLooked: [] });
  const clean = await page();
  expect(clean).toContain('<h1>The last audit found nothing wrong</h1>');
  expect(clean).toMatch(/The last audit of everything ended <time [^>]*>just now/);
  for (let nr = 0; nr < 10; nr += 1) await auditRuns.begin({ ...order, store: 'main' });
  expect(await page()).toContain('<h1>The last audit found nothing wrong</h1>');
  expect(clean).toMatch(/by olga, everything.*Nothing wrong.*5,000 files, 250 images, 20 bags/);

  await auditRuns.finish(await auditRuns.begin(order), {
    looked,
    findings: [{ code: 'LOST', total: 2, repaired: 0 }],
    notLooked: [{ part: 'store tape', reason: '<no answer>', things: null }],
  });
  await auditRuns.fail(await auditRuns.begin({ ...order, store: 'main' }), 'the register is away');
  await auditRuns.begin(order);
  const text = await page();
  expect(text).toContain('<h1>The last audit could not examine everything</h1>');
  for (const words of [
    '2 findings of',
    'store tape (&lt;no answer>)',
    'the register is away',
    'Running or interrupted',
  ])
    expect(text).toContain(words);
});

test('each open finding has what it means, what to do, and the command for its objects', async () => {
  const detail = { total: 3, objects: ['Image:7', 'Image:9', 'File:2'], examples: [] };
  const example = { object: 'File:5', path: 'ManagedRepository/<a>', found: 'nothing', remedy: 'look' };
  await running.register.troubles.found(
    [
      { name: 'audit finding:IMAGE_DELETED', code: 'IMAGE_DELETED', detail },
      { name: 'audit finding:LINK_MISSING', code: 'LINK_MISSING', detail: { ...detail, examples: [example] } },
      { name: 'audit finding:TAG_LOST', code: 'TAG_LOST', detail },
    ],
    'audit',
  );
  const text = await page();
  expect(text).toContain('<h1>The audit has findings</h1>');
  expect(text).toContain('OMERO no longer has it, though it is archived');
  expect(text).toContain('coldroom audit --acknowledge Image:7,9</pre>');
  expect(text).toContain('coldroom audit --fix</pre>');
  expect(text).toContain('File:5 ManagedRepository/&lt;a></span>: nothing.');
});

test('how many copies were read in time is shown as it was last counted', async () => {
  const { register, settings } = running;
  await brought(register, await running.newRequest('image.tif', 2), () => 'released');
  await register.fixityCoverage.keep(await register.fixityCoverage.count(180 * day), 180 * day, []);
  expect(await page()).toMatch(/tape<\/strong>.*Not checked regularly/);
  await register.fixityCoverage.keep(await register.fixityCoverage.count(180 * day), 180 * day, ['tape']);
  const [figures] = await register.fixityCoverage.kept();
  const text = await page();
  expect(text).toContain('once in 180 d');
  expect(text).toContain(`4, 4.00 GiB`);
  expect(text).toContain(figures?.overdue === 0 ? '100 %' : '0 %');

  const client = new Client({ connectionString: settings.registerUrl });
  await client.connect();
  await client.query(
    `UPDATE coldroom.fixity_figure SET files = 1000000, overdue = 1, unread = 0, counted_at = now() - interval '2 days'`,
  );
  await client.end();
  const late = await page();
  expect(late).toContain('99.9 %');
  expect(late).toContain('Overdue');
  expect(late).toContain('check that the checksum service is running');
});

test('a bad copy leads to its file, and says what helps', async () => {
  const [copy] = await copies();
  const fault = { code: 'COPY_DIFFERS', reason: 'other bytes' };
  await running.register.fixity.record([{ copy: copy!, fault }], 'fixity');
  const text = await page();
  expect(text).toContain('<h1>1 copy is bad</h1>');
  expect(text).toContain(`href="/coldroom/files/${copy!.id}"`);
  expect(text).toContain(`coldroom verify File:${copy!.id}</pre>`);
  expect(text).toContain('from the backup of store tape');
  const { badCopies, findings } = JSON.parse((await (await signedIn('ada')).get('/api/v1/audit')).text) as {
    badCopies: unknown[];
    findings: unknown[];
  };
  expect(badCopies).toMatchObject([{ file: String(copy!.id), code: 'COPY_DIFFERS', store: 'tape' }]);
  expect(findings).toHaveLength(3);
});

test.each<[Login, number]>([
  ['dora', 200],
  ['root', 200],
  ['ada', 200],
  ['lea', 404],
  ['alice', 404],
])('%s gets %d, and the entry in the navigation accordingly', async (login, status) => {
  const browser = await signedIn(login);
  for (const path of ['/audit', '/api/v1/audit']) expect((await browser.get(path)).status).toBe(status);
  expect((await browser.get('/')).text.includes('href="/coldroom/audit"')).toBe(status === 200);
});
