import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';

let env: Record<string, string>;
beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_tokens', { existing: 'drop' });
  await migrate(url);
  env = { REGISTER_DATABASE_URL: url };
});

test('a token is shown once, listed without its secret, and revoked', async () => {
  const made = await coldroom(['tokens', 'create', 'grafana', '--role', 'auditor', '--by', 'ada'], env);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^coldroom_[\w-]{43}\n$/) });
  const listed = await coldroom(['tokens', 'list'], env);
  expect(listed.stdout).toMatch(/grafana +auditor +valid/);
  expect(listed.stdout).not.toContain(made.stdout.trim());
  expect(json(await coldroom(['tokens', 'list', '--json'], env))).toMatchObject({
    tokens: [{ name: 'grafana', createdBy: 'ada' }],
  });
  expect(await coldroom(['tokens', 'revoke', 'grafana'], env)).toMatchObject({ code: 0, stdout: 'Revoked: grafana\n' });
  expect((await coldroom(['tokens', 'list'], env)).stdout).toContain('revoked');
  expect(await coldroom(['tokens', 'revoke', 'grafana'], env)).toMatchObject({ code: 4 });
});

test.each([
  ['--role', 'leader'],
  ['--days', '0'],
  ['--days', 'many'],
])('%s %s is refused with the reason', async (option, value) => {
  const role = option === '--role' ? [] : ['--role', 'auditor'];
  const ended = await coldroom(['tokens', 'create', 'odd', ...role, option, value], env);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toMatch(/^coldroom: A token (has one of the roles|is valid for)/);
  const register = new Register(env['REGISTER_DATABASE_URL'] as string);
  expect((await register.tokens.list()).map(({ name }) => name)).not.toContain('odd');
  await register.close();
});
