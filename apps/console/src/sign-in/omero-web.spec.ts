import { omeroPython } from '@coldroom/omero-server';
import { describeAnswers } from '../testing/omero-web-answers';
import { accounts, realOmeroWebs, standIns, type OmeroWebs, type Username } from '../testing/omero-webs';
import { OmeroWeb } from './omero-web';

const python = omeroPython();

interface Case {
  readonly what: string;
  readonly at?: 'single' | 'secure' | 'several' | 'mislabelled' | 'ending';
  readonly server?: string;
  readonly as: string;
  readonly password?: string;
  /** None: the sign-in succeeds. */
  readonly refused?: string;
  readonly says?: RegExp;
}

const cases: readonly Case[] = [
  { what: 'a right password', as: 'alice' },
  { what: 'the password of a group leader', as: 'lea' },
  { what: 'the password of a restricted administrator', as: 'ada' },
  { what: 'a right password over HTTPS', at: 'secure', as: 'alice' },
  { what: 'a right password, and a session that OMERO.server ends at once', at: 'ending', as: 'alice' },
  { what: 'a wrong password', as: 'alice', password: 'wrong', refused: 'SIGN_IN_REFUSED' },
  { what: 'an unknown account', as: 'nobody&server=1', password: 'x', refused: 'SIGN_IN_REFUSED' },
  { what: 'an inactive account', as: 'gone', refused: 'SIGN_IN_REFUSED', says: /inactive/ },
  { what: 'a locked account', as: 'locked', password: 'x', refused: 'SIGN_IN_REFUSED' },
  { what: 'a server chosen by its name', at: 'several', server: 'teaching', as: 'alice' },
  { what: 'a server chosen by its host', at: 'several', server: 'localhost', as: 'alice' },
  { what: 'a server chosen by its number', at: 'several', server: '2', as: 'alice' },
  {
    what: 'several servers and no choice',
    at: 'several',
    as: 'alice',
    refused: 'OMERO_WEB_SERVER_UNKNOWN',
    says: /4 servers \(omero, teaching, unavailable, old\)/,
  },
  {
    what: 'a choice that fits several',
    at: 'several',
    server: '127.0.0.1',
    as: 'alice',
    refused: 'OMERO_WEB_SERVER_UNKNOWN',
  },
  {
    what: 'a server that OMERO.web does not have',
    at: 'several',
    server: 'other',
    as: 'alice',
    refused: 'OMERO_WEB_SERVER_UNKNOWN',
  },
  {
    what: 'a server that does not answer',
    at: 'several',
    server: 'unavailable',
    as: 'alice',
    refused: 'OMERO_SERVER_UNAVAILABLE',
  },
  {
    what: 'a server of another version',
    at: 'several',
    server: 'old',
    as: 'alice',
    refused: 'OMERO_VERSION_MISMATCH',
  },
  {
    what: 'an address with http where OMERO.web has https',
    at: 'mislabelled',
    as: 'alice',
    refused: 'OMERO_WEB_CSRF',
    says: /X-Forwarded-Proto/,
  },
];

const passwords = new Map<string, string>(
  accounts.flatMap((each) => ('password' in each ? [[each.username, each.password]] : [])),
);

/** The same for both, so that the stand-in cannot differ from OMERO.web without a test that fails. */
function describeSignIn(name: string, start: () => Promise<OmeroWebs>): void {
  describe(name, () => {
    let webs: OmeroWebs;
    const client = (url: string, server?: string): OmeroWeb => new OmeroWeb({ url, server, timeoutMs: 30_000 });
    const signIn = (url = webs.single): Promise<bigint> => client(url).signIn('alice', passwords.get('alice') ?? '');

    beforeAll(async () => {
      webs = await start();
    }, 180_000);
    afterAll(() => webs?.stop());

    test.each(cases)('$what', async ({ at = 'single', server, as, password, refused, says = /./ }) => {
      const answer = client(webs[at], server).signIn(as, password ?? passwords.get(as) ?? '');
      if (refused === undefined) expect(await answer).toBe(BigInt(webs.ids[as] ?? -1));
      else await expect(answer).rejects.toMatchObject({ code: refused, message: expect.stringMatching(says) });
      if (as !== 'gone') expect(await webs.openSessions(as as Username)).toBe(0);
    });

    test('the session that OMERO.server ended was the one of the sign-in', () => {
      expect(webs.ended()).toBe(1);
    });

    describeAnswers(() => webs.single);

    test('the address may lack its last slash', async () => {
      expect(await signIn(webs.single.slice(0, -1))).toBe(BigInt(webs.ids['alice'] ?? -1));
    });

    test('an address without the prefix of OMERO.web is not OMERO.web', async () => {
      await expect(signIn(webs.single.replace('/omero/', '/'))).rejects.toMatchObject({ code: 'OMERO_WEB_UNKNOWN' });
    });

    test('a server that is stopped is unavailable until it is started again', async () => {
      await webs.stopServer();
      await expect(signIn()).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_SERVER_UNAVAILABLE' });
      await webs.startServer();
      expect(await signIn()).toBe(BigInt(webs.ids['alice'] ?? -1));
    });

    test('an OMERO.web that is stopped is unavailable, with a proxy before it and without', async () => {
      const { single, several } = webs;
      await webs.stopWeb();
      for (const url of [single, several])
        await expect(signIn(url)).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_WEB_UNAVAILABLE' });
    });
  });
}

describeSignIn('the stand-in', standIns);
if (python) describeSignIn('the real OMERO.web', () => realOmeroWebs(python));
