import type { Register } from '@coldroom/register';
import { freshRegister } from '../testing/fresh-register';
import { actorOfToken, createToken, revokeToken, type TokenOrder } from './tokens';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('tokens');
});
afterAll(() => register.close());

const order = (name: string, more: Partial<TokenOrder> = {}): TokenOrder => ({
  name,
  role: 'auditor',
  days: 30,
  by: 'root',
  ...more,
});

test('a token acts under its own name, with its one role, until it is revoked', async () => {
  const { secret } = await createToken(register, order('grafana'));
  expect(await actorOfToken(register, secret)).toEqual({
    name: 'token:grafana',
    personId: null,
    roles: ['auditor'],
    leads: [],
  });
  expect((await register.tokens.list())[0]).toMatchObject({ name: 'grafana', lastUsedAt: expect.any(Date) });
  await revokeToken(register, 'grafana', 'root');
  expect(await actorOfToken(register, secret)).toBeUndefined();
  await expect(revokeToken(register, 'grafana', 'root')).rejects.toMatchObject({ code: 'NO_SUCH_TOKEN' });
});

test('the register keeps nothing that could be used as a token', async () => {
  const { secret } = await createToken(register, order('kept'));
  expect(
    JSON.stringify(await register.tokens.list(), (_k, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)),
  ).not.toContain(secret.slice(9));
  for (const wrong of ['', 'coldroom_', secret.slice(0, -1), `${secret} `, secret.toUpperCase()])
    expect(await actorOfToken(register, wrong)).toBeUndefined();
});

test('a name is taken until its token is revoked', async () => {
  await createToken(register, order('twice'));
  await expect(createToken(register, order('twice'))).rejects.toMatchObject({ code: 'TOKEN_EXISTS' });
  await revokeToken(register, 'twice', 'root');
  await createToken(register, order('twice'));
});

test.each<[string, Partial<TokenOrder>]>([
  ['TOKEN_NAME', { name: 'a b' }],
  ['TOKEN_NAME', { name: '' }],
  ['TOKEN_ROLE', { role: 'leader' }],
  ['TOKEN_ROLE', { role: 'constructor' }],
  ['TOKEN_DAYS', { days: 0 }],
  ['TOKEN_DAYS', { days: 1.5 }],
  ['TOKEN_DAYS', { days: 100_000 }],
])('%s is the answer to %j', async (code, wrong) => {
  await expect(createToken(register, order('right', wrong))).rejects.toMatchObject({ kind: 'refused', code });
});
