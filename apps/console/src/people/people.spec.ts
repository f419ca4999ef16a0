import { createToken } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { people, RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('people', {
    roles: { managers: ['dora'], administrators: [], auditors: ['ada', 'group:lab'] },
  });
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}
const wordsOf = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
const page = async (query = ''): Promise<string> =>
  wordsOf((await (await signedIn('root')).get(`/people${query}`)).text);
interface Listed {
  readonly data: readonly { readonly login: string }[];
  readonly next: string | null;
}
const api = async (query: string): Promise<Listed & { readonly readAt: string }> =>
  JSON.parse((await (await signedIn('ada')).get(`/api/v1/people${query}`)).text) as Listed & {
    readonly readAt: string;
  };
const logins = ({ data }: Listed): readonly string[] => data.map(({ login }) => login);

test.each<[Login, number]>([
  ['alice', 404],
  ['lea', 404],
  ['dora', 404],
  ['root', 200],
  ['ada', 200],
])('%s gets %d for the page, its data and the tokens, and the entry to match', async (login, status) => {
  // Without the setting that makes the whole lab auditors.
  const strict = await RunningConsole.start('people_rights');
  try {
    const browser = new Browser(strict);
    await browser.signIn(login);
    for (const path of ['/people', '/api/v1/people', '/api/v1/tokens'])
      expect([path, (await browser.get(path)).status]).toEqual([path, status]);
    expect((await browser.get('/requests')).text.includes('/coldroom/people"')).toBe(status === 200);
  } finally {
    await strict.stop();
  }
});

test('each person is listed with roles and what gives them, groups and e-mail address', async () => {
  const words = await page();
  expect(words).toContain(
    '&lt;b>Alice&lt;/b> &quot;Meyer&quot; alice, alice@example.org researcher active in OMERO auditor',
  );
  expect(words).toContain('auditor group:lab in COLDROOM_AUDITORS');
  expect(words).toContain('data manager dora in COLDROOM_MANAGERS');
  expect(words).toContain('administrator OMERO administrator');
  expect(words).toMatch(/group leader auditor group:lab in COLDROOM_AUDITORS lab group leader/);
  expect(words).toMatch(/dora, dora@example.org .* no groups no session/);
  expect(words).toMatch(/root, root@example.org .*? just now/);
});

test('a missing or invalid e-mail address and an inactive account are marked', async () => {
  const { register } = running;
  const all = await register.people.list({});
  const changed = { alice: { email: null }, olga: { email: 'not an address' }, lea: { active: false, email: null } };
  const roster = {
    people: all.map((person) => ({ ...person, ...changed[person.login as keyof typeof changed] })),
    groups: [{ id: 3n, name: 'lab' }],
    memberships: [{ groupId: 3n, personId: people.lea, leader: true }],
  };
  await register.people.mirror(roster);
  const words = await page();
  expect(words).toMatch(/alice ▲ No e-mail address/);
  expect(words).toMatch(/olga, not an address ▲ Invalid e-mail address/);
  expect(words).toMatch(/lea ■ Inactive lea none: inactive in OMERO/);
  expect(logins(await api('?role=leader'))).toEqual([]);
  await register.people.mirror({
    ...roster,
    people: all,
    memberships: [people.alice, people.lea].map((personId) => ({
      groupId: 3n,
      personId,
      leader: personId === people.lea,
    })),
  });
});

test('people are found by name, group and role', async () => {
  expect(logins(await api('?text=MEYER'))).toEqual(['alice']);
  expect(logins(await api('?text=LAB'))).toEqual(['alice', 'lea']);
  expect(logins(await api('?text=lea@example'))).toEqual(['lea']);
  expect(logins(await api('?group=3'))).toEqual(['alice', 'lea']);
  expect(logins(await api('?group=4'))).toEqual([]);
  expect(logins(await api('?role=leader'))).toEqual(['lea']);
  expect(logins(await api('?role=manager'))).toEqual(['dora']);
  expect(logins(await api('?role=administrator'))).toEqual(['root']);
  expect(logins(await api('?role=auditor'))).toEqual(['ada', 'alice', 'lea']);
  expect(logins(await api('?role=auditor&text=l&group=3'))).toEqual(['alice', 'lea']);
  expect(await page('?text=nowhere')).toContain('No one matches');
  expect(await page('?group=3')).toContain('Group lab show all');
});

test('a page ends with the login name that the next one starts after', async () => {
  const first = await api('?limit=4');
  expect([logins(first), first.next]).toEqual([['ada', 'alice', 'dora', 'lea'], 'lea']);
  const second = await api(`?limit=4&cursor=${first.next}`);
  expect([logins(second), second.next]).toEqual([['olga', 'root'], null]);
});

test('where OMERO refuses, the page says what to grant and how old the list is', async () => {
  const { register } = running;
  const [all, reason] = [await register.people.list({}), 'OMERO_PEOPLE_NOT_READABLE: run docs/omero-grants.sql there.'];
  await register.people.mirrorFailed(reason);
  const words = await page();
  expect(words).toContain(
    `could not read OMERO’s users. ${reason} What was read`.replace('What was', 'What is shown was'),
  );
  expect(await api('?limit=1')).toMatchObject({ failed: reason, readAt: expect.stringMatching(/^20/) });
  await register.people.mirror({ people: all, groups: [], memberships: [] });
});

test('tokens are listed with state, role and use, but not with what they consist of', async () => {
  const { register } = running;
  const { secret } = await createToken(register, { name: 'grafana', role: 'auditor', days: 30, by: 'root' });
  await createToken(register, { name: 'old', role: 'manager', days: 30, by: 'root' });
  await register.tokens.revoke('old', 'root');
  const words = await page();
  expect(words).toMatch(/grafana auditor, created by root ✓ Valid just now \d+ \w+ 20\d\d never/);
  expect(words).toMatch(/old manager, created by root ■ Revoked/);
  const asked = await fetch(`${running.address}/coldroom/api/v1/tokens`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  const text = await asked.text();
  expect(JSON.parse(text)).toMatchObject({
    data: [
      { name: 'grafana', revokedAt: null },
      { name: 'old', revokedAt: expect.any(String) },
    ],
  });
  expect(text).not.toMatch(/coldroom_|hash/);
});

test.each(['role=king', 'group=x', 'group=9223372036854775808', 'cursor=a%00', 'limit=1001', 'offset=3', 'text=%00'])(
  'GET api/v1/people?%s is refused with problem details',
  async (query) => {
    const { status, text } = await (await signedIn('root')).get(`/api/v1/people?${query}`);
    expect([status, JSON.parse(text)]).toMatchObject([400, { status: 400, code: 'BAD_REQUEST' }]);
  },
);
