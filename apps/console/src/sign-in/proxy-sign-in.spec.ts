import { request } from 'node:http';
import { Log } from '@coldroom/runtime';
import { Browser } from '../testing/browser';
import { people, RunningConsole } from '../testing/running-console';

const header = 'x-omero-user';
const signOutUrl = 'https://sso.example.org/oauth2/sign_out';
let running: RunningConsole;
let browser: Browser;
beforeAll(async () => {
  running = await RunningConsole.start('proxy_sign_in', {
    proxy: { header, addresses: ['127.0.0.1', '::1'], signOutUrl },
    trustedProxies: ['loopback'],
  });
});
afterAll(() => running.stop());
beforeEach(() => {
  browser = new Browser(running);
});

const as = (login: string): Record<string, string> => ({ [header]: Buffer.from(login).toString('latin1') });

const csrfOf = ({ text }: { readonly text: string }): string => /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';

/** Sends exactly these header lines, as no browser would. Returns the answer's status and text. */
function raw(lines: readonly (readonly [string, string])[], path = '/sign-in', to = running): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = new URL(`/coldroom${path}`, to.address);
    const sent = request(url, { headers: ['Host', url.host, ...lines.flat()] }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve(`${answer.statusCode} ${Buffer.concat(parts).toString()}`));
    });
    sent.on('error', reject).end();
  });
}

test('whoever the proxy names is signed in without a form, and a decision is theirs', async () => {
  const id = await running.newRequest();
  const page = await browser.get(`/requests/${id}`, as('dora'));
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('<strong>dora</strong>, data manager')]);
  const form = {
    _csrf: csrfOf(page),
    revision: /name="revision" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
    reason: 'not now',
  };
  expect((await browser.post(`/requests/${id}/decline`, form, as('dora'))).status).toBe(303);
  expect((await browser.get(`/requests/${id}`, as('dora'))).text).toContain('by dora');
});

test('a session is kept from page to page, and is worth nothing without the proxy', async () => {
  await browser.get('/requests', as('dora'));
  const session = browser.cookies.get('coldroom.session');
  expect(session).toBeDefined();
  await browser.get('/requests', as('dora'));
  expect(browser.cookies.get('coldroom.session')).toBe(session);
  expect((await browser.get('/requests')).status).toBe(303);
});

test('the header decides, not a session that someone else left in the browser', async () => {
  const doras = csrfOf(await browser.get('/requests', as('dora')));
  const page = await browser.get('/requests', as('olga'));
  expect(page.text).toContain('<strong>olga</strong>, researcher');
  const sent = await browser.post('/sign-out', { _csrf: doras }, as('olga'));
  expect(sent.status).toBe(403);
});

test.each<[string, [string, string][], string]>([
  ['no header', [], 'PROXY_USER_MISSING'],
  ['an empty header', [[header, '']], 'PROXY_USER_MISSING'],
  ['a header of spaces', [[header, '  \t ']], 'PROXY_USER_MISSING'],
  ['a no-break space', [[header, Buffer.from('\u00a0').toString('latin1')]], 'PROXY_USER_MISSING'],
  ['bytes that are not UTF-8', [[header, 'dor\xe4']], 'PROXY_USER_MISSING'],
  ['two users', [[header, 'dora'], [header, 'root']], 'PROXY_USER_AMBIGUOUS'], // prettier-ignore
  ['two users in different case', [['X-OMERO-USER', 'dora'], [header, 'root']], 'PROXY_USER_AMBIGUOUS'], // prettier-ignore
  ['the same user twice', [[header, 'dora'], [header, 'dora']], 'PROXY_USER_AMBIGUOUS'], // prettier-ignore
  ['an empty header before another', [[header, ''], [header, 'dora']], 'PROXY_USER_AMBIGUOUS'], // prettier-ignore
  ['two users in one header', [[header, 'dora, root']], 'PERSON_UNKNOWN'],
  ['underscores in place of hyphens', [['X_OMERO_USER', 'root']], 'PROXY_USER_MISSING'],
  ['a header of another proxy', [['X-Forwarded-User', 'root']], 'PROXY_USER_MISSING'],
  ['an unknown login', [[header, 'nobody']], 'PERSON_UNKNOWN'],
  ['a login in another case', [[header, 'DORA']], 'PERSON_UNKNOWN'],
  ['an id in place of a login', [[header, '0']], 'PERSON_UNKNOWN'],
  ['SQL in place of a login', [[header, "' OR login = 'root"]], 'PERSON_UNKNOWN'],
])('%s signs no one in, and the page says why', async (_what, lines, code) => {
  const answer = await raw(lines);
  expect(answer).toMatch(code === 'PERSON_UNKNOWN' ? /^503 / : /^403 /);
  expect(answer).toContain(code);
  expect(answer).not.toContain('name="password"');
  expect(await raw(lines, '/requests')).toMatch(/^303 /);
  expect(await raw(lines, '/queues/board')).toMatch(/^404 /);
});

test('a header from elsewhere is ignored, whatever X-Forwarded-For says, and logged once', async () => {
  const elsewhere = await RunningConsole.start('proxy_elsewhere', {
    proxy: { header, addresses: ['10.0.0.0/8', '2001:db8::/32'], signOutUrl: undefined },
    trustedProxies: ['loopback'],
  });
  const warned = jest.spyOn(Log.prototype, 'warn');
  try {
    for (const extra of [
      [],
      [['X-Forwarded-For', '10.1.2.3']],
      [['Forwarded', 'for=10.1.2.3']],
      [['X-Real-IP', '10.1.2.3']],
    ] as [string, string][][])
      expect(await raw([[header, 'root'], ...extra], '/sign-in', elsewhere)).toMatch(/^403 [^]*PROXY_USER_MISSING/);
    const logged = warned.mock.calls.filter(([, more]) => Object(more).code === 'PROXY_NOT_TRUSTED');
    expect(logged).toHaveLength(1);
  } finally {
    warned.mockRestore();
    await elsewhere.stop();
  }
});

test('no password is accepted', async () => {
  expect((await browser.signIn('dora')).status).toBe(404);
  expect((await browser.post('/sign-in', { username: 'dora', password: 'dora' }, as('dora'))).status).toBe(404);
});

test('a login outside Latin-1 is read as UTF-8, as proxies write it', async () => {
  const known = await running.register.people.list({});
  const groups = [{ id: 3n, name: 'lab' }];
  const named = known.map((each) => (each.id === people.olga ? { ...each, login: 'ołga' } : each));
  await running.register.people.mirror({ people: named, groups, memberships: [] });
  expect((await browser.get('/requests', as('ołga'))).status).toBe(200);
  const inactive = known.map((each) => (each.id === people.olga ? { ...each, active: false } : each));
  await running.register.people.mirror({ people: inactive, groups, memberships: [] });
  const refused = await browser.get('/sign-in', as('olga'));
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('PERSON_INACTIVE')]);
  expect((await browser.get('/requests', as('olga'))).status).toBe(303);
});

test('signing out leads to the proxy, as far as browsers permit forms to', async () => {
  const csrf = csrfOf(await browser.get('/requests', as('dora')));
  const out = await browser.post('/sign-out', { _csrf: csrf }, as('dora'));
  expect([out.status, out.headers.get('location')]).toEqual([303, signOutUrl]);
  expect(out.headers.get('content-security-policy')).toContain("form-action 'self' https://sso.example.org;");
  expect((await browser.get('/me', as('dora'))).text).not.toContain('Sign out everywhere');
});

test('the API answers without a session, and changes nothing without the token of one', async () => {
  const other = new Browser(running);
  expect((await other.get('/api/v1/requests', as('dora'))).status).toBe(200);
  expect([...other.cookies]).toEqual([]);
  const id = await running.newRequest();
  for (const token of ['', 'undefined', 'null'])
    expect(
      (
        await other.send(`/api/v1/requests/${id}/decision`, {
          method: 'POST',
          headers: { ...as('dora'), 'x-csrf-token': token, 'if-match': '"1"', 'content-type': 'application/json' },
          body: '{"decision":"approve"}',
        })
      ).status,
    ).toBe(403);
});

test('an Authorization that the proxy adds does not get in the way', async () => {
  expect((await browser.get('/requests', { ...as('dora'), authorization: 'Bearer of-the-provider' })).status).toBe(200);
});

test('a login that moves to another person at the provider starts another session', async () => {
  await browser.get('/requests', as('dora'));
  const doras = browser.cookies.get('coldroom.session');
  await browser.get('/requests', as('alice'));
  expect(browser.cookies.get('coldroom.session')).not.toBe(doras);
});
