import { Refused, Transient } from '@coldroom/domain';
import { Log } from './log';

/** The one line that was written, parsed. */
function written(write: (log: Log) => void): string {
  const output = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  write(new Log('a service'));
  const [[line]] = output.mock.calls as [[string]];
  output.mockRestore();
  return line;
}

test("the code of an error is Coldroom's, whatever code its details contain", () => {
  const line = written((log) =>
    log.error('cannot start', {
      error: new Transient('STORE_UNAVAILABLE', 'The store main cannot be reached.', {
        store: 'main',
        code: 'ECONNRESET',
      }),
    }),
  );
  expect((JSON.parse(line) as { error: unknown }).error).toEqual({
    code: 'STORE_UNAVAILABLE',
    message: 'The store main cannot be reached.',
    store: 'main',
  });
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['a field of that name', { password: 'geheim' }],
  ['a field with a prefix', { REDIS_PASSWORD: 'geheim', s3: { secretKey: 'geheim', sessionToken: 'geheim' } }],
  ['a field that holds an object', { cookie: { value: 'geheim' } }],
  ['a URL', { url: 'postgres://coldroom:geheim@db/register' }],
  ['a URL with a password that has an @', { url: 'redis://:geh@eim@redis' }],
  ['the parameters of a URL', { url: 'postgres://db/register?user=coldroom&password=geheim' }],
  ['the message and stack of an error', { error: new Error('cannot reach redis://:geheim@redis:6379') }],
  ['an error below others', { deep: [{ error: new Refused('NO', 'redis://:geheim@redis', { token: 'geheim' }) }] }],
])('a secret in %s is not written', (_where, fields) => {
  const line = written((log) => log.info('connected', fields));
  expect(line).not.toMatch(/geh|eim/);
  expect(line).toContain('***');
});

test.each([
  { url: 'https://omero.example.org:4064/webclient/?show=image-1' },
  { path: '/OMERO/user@site:2026/a.tif', secretKeyEnv: 'S3_SECRET' },
  { message: 'read 3 of 4 tokens from a:b@c' },
])('%j is written unchanged', (fields) => {
  expect(JSON.parse(written((log) => log.info('read', fields)))).toMatchObject(fields);
});
