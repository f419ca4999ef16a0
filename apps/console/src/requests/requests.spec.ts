import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('requests');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  expect((await browser.signIn(login)).status).toBe(303);
  return browser;
}

async function decide(browser: Browser, id: bigint, decision: string, form: Record<string, string>) {
  return browser.post(`/requests/${id}/${decision}`, { _csrf: await browser.csrf(), ...form });
}

test('a data manager reviews a request, approves it, and sees who decided', async () => {
  const id = await running.newRequest('<img src=x onerror=alert(1)>');
  const dora = await signedIn('dora');
  expect((await dora.get('/requests')).text).toContain(`href="/coldroom/requests/${id}"`);
  const page = await dora.get(`/requests/${id}`);
  expect(page.text).toContain('&lt;b>Alice&lt;/b> &quot;Meyer&quot; asks to archive 1 image');
  expect(page.text).toContain('2 images in 1 fileset');
  expect(page.text).toContain('2.00 GiB');
  expect(page.text).toContain('&lt;img src=x');
  expect(page.text).not.toContain('<img src=x');

  const approved = await decide(dora, id, 'approve', { revision: '1' });
  expect([approved.status, approved.headers.get('location')]).toEqual([303, `/coldroom/requests/${id}`]);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', decidedBy: 'dora' });
  const after = await dora.get(`/requests/${id}`);
  expect(after.text).toContain('Approved by dora');
  expect(after.text).not.toContain('Your decision');
});

test('thumbnails come from OMERO.web where the console knows its address, and from nowhere else', async () => {
  const id = await running.newRequest('"><script>');
  const dora = await signedIn('dora');
  expect((await dora.get(`/requests/${id}`)).text).not.toContain('<img');
  const other = await RunningConsole.start('thumbnails', { omeroWebPublic: 'https://omero.example.org/web/' });
  try {
    const { imageId } = (await other.register.reports.images(await other.newRequest('"><script>')))[0]!;
    const there = new Browser(other);
    await there.signIn('dora');
    const page = await there.get('/requests/1');
    expect(page.text).toContain(`src="https://omero.example.org/web/webgateway/render_thumbnail/${imageId}/96/"`);
    expect(page.text).toContain(`href="https://omero.example.org/web/webclient/?show=image-${imageId}"`);
    expect(page.text).not.toContain('"><script>');
    expect(page.headers.get('content-security-policy')).toContain("img-src 'self' https://omero.example.org;");
  } finally {
    await other.stop();
  }
});

test('a part is approved by its ticks, and the rest waits as a request of its own', async () => {
  const id = await running.newRequest('first', 3);
  const dora = await signedIn('dora');
  const page = (await dora.get(`/requests/${id}`)).text;
  const filesets = [...page.matchAll(/name="filesets" value="([^"]+)" form="approve"/g)].map((match) => match[1]!);
  expect(filesets).toHaveLength(3);
  const form = new URLSearchParams({ _csrf: await dora.csrf(), revision: '1' });
  for (const fileset of filesets.slice(0, 2)) form.append('filesets', fileset);
  const headers = { origin: new URL(running.settings.url).origin };
  expect((await dora.send(`/requests/${id}/approve`, { method: 'POST', body: form, headers })).status).toBe(303);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', filesets: 2 });
  const rest = (await running.register.requests.list({ states: ['New'] }))[0]!;
  expect(rest).toMatchObject({ filesets: 1 });
  expect((await dora.get(`/requests/${id}`)).text).toContain(`dora put 1 fileset aside as request ${rest.id}`);
});

test('where no fileset is ticked, nothing is approved', async () => {
  const id = await running.newRequest('none', 2);
  const dora = await signedIn('dora');
  expect((await dora.get(`/requests/${id}`)).text).toContain('name="choosing" value="true"');
  const refused = await decide(dora, id, 'approve', { revision: '1', choosing: 'true' });
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('Name at least one fileset')]);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'New', filesets: 2 });
});

test('a decline needs a reason, which the page shows as text', async () => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  const refused = await decide(dora, id, 'decline', { revision: '1', reason: '  ' });
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('Say why it is declined')]);
  await decide(dora, id, 'decline', { revision: '1', reason: '<b>in use</b>' });
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Declined', reason: '<b>in use</b>' });
  expect((await dora.get(`/requests/${id}`)).text).toContain('&lt;b>in use');
});

test('what was changed after the review is not approved, and the page says so', async () => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  async function* grown() {
    yield [{ imageId: 10_000n + id, name: 'new.tif', fileset: 'Fileset:1', marked: true }];
  }
  async function* none() {
    yield [];
  }
  await running.register.requests.refresh(id, { images: grown(), files: none() }, 'test');
  const refused = await decide(dora, id, 'approve', { revision: '1' });
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('was changed since you looked at it')]);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'New' });
});

test('of two who decide at once, one wins, and the other sees what was decided', async () => {
  const id = await running.newRequest();
  const [dora, other] = [await signedIn('dora'), await signedIn('dora')];
  const answers = await Promise.all([
    decide(dora, id, 'approve', { revision: '1' }),
    decide(other, id, 'decline', { revision: '1', reason: 'no' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 409]);
});

test.each<[Login, number, number]>([
  ['alice', 200, 403],
  ['lea', 200, 403],
  ['ada', 200, 403],
  ['root', 200, 403],
  ['olga', 404, 404],
])('%s gets %d for the page of the request and %d for an approval', async (login, seen, decided) => {
  const id = await running.newRequest();
  const browser = await signedIn(login);
  expect((await browser.get(`/requests/${id}`)).status).toBe(seen);
  expect((await decide(browser, id, 'approve', { revision: '1' })).status).toBe(decided);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});

test('a request that is not for someone looks like one that does not exist', async () => {
  const id = await running.newRequest();
  const olga = await signedIn('olga');
  const [hidden, absent] = [await olga.get(`/requests/${id}`), await olga.get('/requests/999999')];
  expect(hidden.text).toBe(absent.text);
  expect((await olga.get('/requests')).text).not.toContain(`/requests/${id}"`);
});

test.each(['0', '-1', '1.5', '01', 'x', '1%00', '1%27--', '9223372036854775808', '1'.repeat(500)])(
  'there is no request %s',
  async (id) => {
    const dora = await signedIn('dora');
    expect([404, 400]).toContain((await dora.get(`/requests/${id}`)).status);
  },
);

test.each<[string, Record<string, string>]>([
  ['no token', { _csrf: '' }],
  ['a wrong token', { _csrf: 'x'.repeat(32) }],
])('with %s nothing is decided', async (_what, form) => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  expect((await dora.post(`/requests/${id}/approve`, { revision: '1', ...form })).status).toBe(403);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});

test.each<[string, Record<string, string>]>([
  ['a state of its own', { revision: '1', state: 'Running' }],
  ['another decider', { revision: '1', by: 'root' }],
  ['no revision', {}],
  ['a revision that is no number', { revision: '1e999' }],
  ['a prototype', { revision: '1', __proto__x: '1', 'constructor[prototype]': 'x' }],
])('a form with %s is refused', async (_what, form) => {
  const id = await running.newRequest();
  const dora = await signedIn('dora');
  expect((await decide(dora, id, 'approve', form)).status).toBe(400);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});
