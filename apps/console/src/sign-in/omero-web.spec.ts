import { startFakeOmeroWeb, type FakeOmeroWeb, type Fault } from '@coldroom/fake-omero-web';
import { OmeroWeb } from './omero-web';

let web: FakeOmeroWeb;
const accounts = [
  { id: 7, username: 'alice', password: 'pässword &=+' },
  { id: 8, username: 'gone', password: 'gone', inactive: true },
];
const client = (url = web.url, more: { server?: string; timeoutMs?: number } = {}): OmeroWeb =>
  new OmeroWeb({ url, timeoutMs: 2000, ...more });

beforeAll(async () => {
  web = await startFakeOmeroWeb({ accounts, prefix: '/omero/' });
});
afterAll(() => web.close());
afterEach(() => {
  web.fault = 'none';
});

test('a right password gives the id of the user, and the OMERO session is closed again', async () => {
  expect(await client().signIn('alice', 'pässword &=+')).toBe(7n);
  expect(web.open.size).toBe(0);
});

test('the address may lack its last slash', async () => {
  expect(await client(web.url.slice(0, -1)).signIn('alice', 'pässword &=+')).toBe(7n);
});

test.each([
  ['a wrong password', 'alice', 'wrong', 'SIGN_IN_REFUSED'],
  ['an unknown account', 'nobody&server=1', 'x', 'SIGN_IN_REFUSED'],
  ['an inactive account', 'gone', 'gone', 'ACCOUNT_INACTIVE'],
])('%s (%s, %s) is refused as %s', async (_what, username, password, code) => {
  await expect(client().signIn(username, password)).rejects.toMatchObject({ kind: 'refused', code });
});

test.each<[Fault, string, string, RegExp]>([
  ['silent', 'transient', 'OMERO_WEB_UNAVAILABLE', /no answer in time/],
  ['cut off', 'transient', 'OMERO_WEB_UNAVAILABLE', /does not answer/],
  ['broken', 'transient', 'OMERO_WEB_UNAVAILABLE', /HTTP 502/],
  ['huge', 'transient', 'OMERO_WEB_UNAVAILABLE', /more than 1000000 bytes/],
  ['html', 'refused', 'OMERO_WEB_UNKNOWN', /OMERO_WEB_URL/],
  ['redirect', 'refused', 'OMERO_WEB_UNKNOWN', /redirects/],
  ['csrf', 'refused', 'OMERO_WEB_CSRF', /X-Forwarded-Proto/],
  ['server away', 'transient', 'OMERO_SERVER_UNAVAILABLE', /OMERO.server does not answer/],
  ['version mismatch', 'refused', 'OMERO_VERSION_MISMATCH', /different versions/],
])('with a fault "%s" the failure is %s %s, and says what it is', async (fault, kind, code, message) => {
  web.fault = fault;
  const refused = client().signIn('alice', 'pässword &=+');
  await expect(refused).rejects.toMatchObject({ kind, code, message: expect.stringMatching(message) });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('pässword') });
});

test('a place where nothing listens, and one that is not OMERO.web, are distinguished', async () => {
  await expect(client('http://127.0.0.1:1/').signIn('a', 'b')).rejects.toMatchObject({ code: 'OMERO_WEB_UNAVAILABLE' });
  await expect(client(web.url.replace('/omero/', '/')).signIn('a', 'b')).rejects.toMatchObject({
    code: 'OMERO_WEB_UNKNOWN',
  });
});

test('of several servers, the setting chooses by name, host or number', async () => {
  const several = await startFakeOmeroWeb({ accounts, servers: ['omero', 'teaching'] });
  try {
    const signIn = (server?: string): Promise<bigint> =>
      client(several.url, server === undefined ? {} : { server }).signIn('alice', 'pässword &=+');
    for (const server of ['teaching', 'teaching.host', '2']) expect(await signIn(server)).toBe(7n);
    await expect(signIn()).rejects.toMatchObject({
      code: 'OMERO_WEB_SERVER_UNKNOWN',
      message: expect.stringContaining('omero, teaching'),
    });
    await expect(signIn('other')).rejects.toMatchObject({ code: 'OMERO_WEB_SERVER_UNKNOWN' });
  } finally {
    await several.close();
  }
});
