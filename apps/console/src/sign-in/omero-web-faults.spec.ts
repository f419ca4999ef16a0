import { startFakeOmeroWeb, type FakeOmeroWeb, type Fault } from '@coldroom/fake-omero-web';
import { OmeroWeb } from './omero-web';

let web: FakeOmeroWeb;
const signIn = (url = web.url): Promise<bigint> => new OmeroWeb({ url, timeoutMs: 2000 }).signIn('alice', 'pässword');

beforeAll(async () => {
  web = await startFakeOmeroWeb({ accounts: [{ id: 7, username: 'alice', password: 'pässword' }] });
});
afterAll(() => web.close());

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
  const refused = signIn();
  await expect(refused).rejects.toMatchObject({ kind, code, message: expect.stringMatching(message) });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('pässword') });
});

test('a place where nothing listens is unavailable', async () => {
  await expect(signIn('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'OMERO_WEB_UNAVAILABLE' });
});
