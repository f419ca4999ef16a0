import { Browser } from '../testing/browser';
import { people, RunningConsole } from '../testing/running-console';

let running: RunningConsole;
let browser: Browser;
beforeAll(async () => {
  running = await RunningConsole.start('sign_in');
});
afterAll(() => running.stop());
beforeEach(() => {
  browser = new Browser(running);
  running.omeroWeb.fault = 'none';
});

test('whoever is not signed in is sent to the sign-in page, and back to where they wanted to go', async () => {
  const asked = await browser.get('/requests/5?x=1');
  expect([asked.status, asked.headers.get('location')]).toEqual([
    303,
    '/coldroom/sign-in?next=%2Fcoldroom%2Frequests%2F5%3Fx%3D1',
  ]);
  const page = await browser.get('/sign-in?next=%2Fcoldroom%2Frequests%2F5%3Fx%3D1');
  expect(page.text).toContain('name="next" value="/coldroom/requests/5?x=1"');
  const signedIn = await browser.post('/sign-in', {
    username: 'dora',
    password: 'dora',
    next: '/coldroom/requests/5?x=1',
  });
  expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/coldroom/requests/5?x=1']);
  expect((await browser.get('/requests')).status).toBe(200);
});

test.each([
  'https://evil.example/coldroom/requests',
  '//evil.example/coldroom/',
  '/\\evil.example/coldroom',
  'javascript:alert(1)',
  '/coldroomevil/requests',
  '/other',
  'http://127.0.0.1@evil.example/',
  '',
])('a sign-in never leads to %s', async (next) => {
  const { headers } = await browser.post('/sign-in', { username: 'dora', password: 'dora', next });
  expect(headers.get('location')).toBe('/coldroom/');
});

test('the cookie cannot be read by scripts, is sent to the console only, and has a name of its own', async () => {
  const { headers } = await browser.signIn('dora');
  const [cookie = ''] = headers.getSetCookie();
  expect(cookie).toMatch(/^coldroom\.session=/);
  for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/coldroom/']) expect(cookie).toContain(part);
});

test('a refused password shows why, keeps the name as text, and starts no session', async () => {
  const refused = await browser.signIn('"><script>alert(1)</script>', 'x');
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('OMERO did not accept this login name and password.');
  expect(refused.text).not.toContain('<script>');
  expect(browser.cookies.size).toBe(0);
});

test('with OMERO.web away, the page says so and that it can be tried again', async () => {
  running.omeroWeb.fault = 'broken';
  const refused = await browser.signIn('dora');
  expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('does not answer (HTTP 502)')]);
});

test('an identifier of a session that someone planted is replaced at the sign-in', async () => {
  browser.cookies.set('coldroom.session', 's%3Aplanted.signature');
  await browser.signIn('dora');
  expect(browser.cookies.get('coldroom.session')).not.toContain('planted');
  expect((await browser.get('/requests')).status).toBe(200);
});

test('after signing out, the old cookie is worth nothing', async () => {
  await browser.signIn('dora');
  const stolen = browser.cookies.get('coldroom.session')!;
  const out = await browser.post('/sign-out', { _csrf: await browser.csrf() });
  expect([out.status, out.headers.get('location')]).toEqual([303, '/coldroom/sign-in']);
  browser.cookies.set('coldroom.session', stolen);
  expect((await browser.get('/requests')).status).toBe(303);
});

test('whoever lost their account in OMERO is out at the next request', async () => {
  await browser.signIn('olga');
  expect((await browser.get('/requests')).status).toBe(200);
  const { people: known } = running.register;
  const all = await known.list({});
  const without = (login: string) => all.filter((each) => each.login !== login);
  await known.mirror({ people: without('olga'), groups: [], memberships: [] });
  expect((await browser.get('/requests')).status).toBe(303);
  await known.mirror({
    people: all.map((each) => ({ ...each, active: each.login !== 'olga' })),
    groups: [{ id: 3n, name: 'lab' }],
    memberships: [
      { groupId: 3n, personId: people.alice, leader: false },
      { groupId: 3n, personId: people.lea, leader: true },
    ],
  });
  expect((await browser.get('/requests')).status).toBe(303);
});

test('guessing is slowed down for the account, also after the right password was found', async () => {
  for (let nr = 0; nr < 10; nr++) expect((await browser.signIn('ada', 'wrong')).status).toBe(403);
  const refused = await browser.signIn('ada');
  expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('Too many attempts')]);
  expect((await browser.signIn('root')).status).toBe(303);
});

test('a sign-in that another site sends is refused', async () => {
  const refused = await browser.post(
    '/sign-in',
    { username: 'dora', password: 'dora' },
    { origin: 'https://evil.example' },
  );
  expect([refused.status, browser.cookies.size]).toEqual([403, 0]);
});

test('pages forbid foreign scripts, frames and fonts, and do not name the server', async () => {
  const { headers } = await browser.get('/sign-in');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('x-powered-by')).toBeNull();
});

test('the style and the icon are served without a sign-in, and nothing else of the directory', async () => {
  expect((await browser.get('/assets/base.css')).headers.get('content-type')).toContain('text/css');
  expect((await browser.get('/assets/icon.svg')).status).toBe(200);
  for (const path of ['/assets/', '/assets/..%2Fmain.js', '/assets/%2e%2e/main.js'])
    expect((await browser.get(path)).status).not.toBe(200);
});
