import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from './durations';
import { readSettings, SettingsError, shownSettings } from './settings';

const good = {
  REGISTER_DATABASE_URL: 'postgres://coldroom@db/register',
  REDIS_URL: 'redis://redis',
  OMERO_DATA_DIR: '/OMERO',
  COLDROOM_STORES: '/etc/stores.yaml',
  COLDROOM_HOLD: '7d',
} as const;
const all = ['register', 'omero', 'redis', 'originals', 'stores', 'hold', 'scan', 'service'] as const;

function faultsOf(env: NodeJS.ProcessEnv, parts: Parameters<typeof readSettings>[0] = all): readonly string[] {
  try {
    readSettings(parts, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-settings-'));
  });
  afterAll(() => rm(dir, { recursive: true }));
  const fileOf = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };

  test('all missing settings are named at once; an empty setting is missing', () => {
    expect(faultsOf({ REDIS_URL: '' })).toEqual([
      'REGISTER_DATABASE_URL is not set',
      'OMERO_DATABASE_URL is not set',
      'REDIS_URL is not set',
      'OMERO_DATA_DIR is not set',
      'COLDROOM_STORES is not set',
      'COLDROOM_HOLD is not set',
    ]);
  });

  test.each([
    ['REGISTER_DATABASE_URL', 'mysql://db/register', 'must be a URL that starts with postgres:// or postgresql://'],
    ['REGISTER_DATABASE_URL', 'db/register', 'must be a URL that starts with postgres:// or postgresql://'],
    ['REDIS_URL', 'redis://main?sentinels=', 'must name its sentinels as host:port, separated by commas'],
    ['REDIS_URL', 'redis://main?sentinels=a:1,b:x', 'must name its sentinels as host:port, separated by commas'],
    ['REDIS_URL', 'localhost:6379', 'must be a URL that starts with redis:// or rediss:// or unix://'],
    ['COLDROOM_QUEUE_PREFIX', 'a:b', 'may hold letters, digits, - and _'],
    ['OMERO_DATA_DIR', 'OMERO', 'must be an absolute path'],
    ['COLDROOM_STORES', './stores.yaml', 'must be an absolute path'],
    ['COLDROOM_HOLD', '7', 'must be a duration such as 30s, 5m, 12h, 7d or 0'],
    ['COLDROOM_HOLD', '-7d', 'must be a duration such as 30s, 5m, 12h, 7d or 0'],
    ['COLDROOM_HOLD', 'soon', 'must be a duration such as 30s, 5m, 12h, 7d or 0'],
    ['COLDROOM_HOLD_DIRS', '/hold:hold', 'must be absolute paths, separated by :'],
    ['COLDROOM_SCAN_EVERY', 'daily', 'must be a duration such as 30s, 5m, 12h, 7d or 0'],
    ['LOG_LEVEL', 'loud', 'Invalid option: expected one of "debug"|"info"|"warn"|"error"'],
    ['METRICS_PORT', '99999', 'must be a whole number from 0 to 65535'],
    ['METRICS_PORT', '94.5', 'must be a whole number from 0 to 65535'],
    ['METRICS_PORT', '0x10', 'must be a whole number from 0 to 65535'],
    ['COLDROOM_LEASE', '10ms', 'must be at least 1s'],
    ['COLDROOM_SWEEP_EVERY', '1ms', 'must be at least 100ms'],
    ['COLDROOM_CONCURRENCY', '0', 'must be a whole number from 1 to 64'],
    ['COLDROOM_ATTEMPTS', 'many', 'must be a whole number from 1 to 1000'],
    ['COLDROOM_ERROR_LIMIT', '-1', 'must be a whole number from 0 to 1000000'],
  ])('%s=%s is refused by name', (key, value, message) => {
    expect(faultsOf({ ...good, OMERO_DATABASE_URL: 'postgres://omero', [key]: value })).toEqual([`${key} ${message}`]);
  });

  test.each(['250', 'EUR 250', '250 euro', '-1 EUR', '1e9 EUR', '1.234 EUR'])(
    'the price %j is refused',
    (OMERO_PRICE) => {
      expect(faultsOf({ OMERO_PRICE }, ['console'])).toContain(
        'OMERO_PRICE must be an amount and a currency, such as 250 EUR',
      );
    },
  );

  test.each([
    'hourly usage to a@example.org',
    'weekly store to a@example.org',
    'weekly usage by age to a@example.org',
    'weekly usage to a',
  ])('the mailed report %j is refused', (order) => {
    expect(faultsOf({ MAIL_REPORTS: `daily archive to a@example.org; ${order}` }, ['mail'])).toContain(
      `MAIL_REPORTS must have orders such as "weekly usage by user to a@example.org, b@example.org", separated by semicolons; "${order}" is none`,
    );
  });

  test('only the requested parts are read', () => {
    expect(faultsOf({ METRICS_PORT: 'x' }, ['redis'])).toEqual(['REDIS_URL is not set']);
    expect(readSettings(['redis'], good)).toEqual({ REDIS_URL: 'redis://redis', COLDROOM_QUEUE_PREFIX: 'coldroom' });
  });

  test('values are converted: durations to milliseconds, numbers, lists', () => {
    const settings = readSettings(['hold', 'originals', 'service'], {
      ...good,
      COLDROOM_HOLD_DIRS: '/hold:/other:',
      METRICS_PORT: '0',
      COLDROOM_LEASE: '90s',
    });
    expect(settings).toMatchObject({
      COLDROOM_HOLD: 604_800_000,
      COLDROOM_HOLD_DIRS: ['/hold', '/other'],
      METRICS_PORT: 0,
      COLDROOM_LEASE: 90_000,
      LOG_LEVEL: 'info',
      METRICS_HOST: '127.0.0.1',
    });
  });

  test('a key is read from the file that <KEY>_FILE names, without the newline at its end', () => {
    const file = fileOf('register', 'postgres://coldroom:geheim@db/register\n');
    const { REGISTER_DATABASE_URL: _, ...rest } = good;
    expect(readSettings(['register', 'redis'], { ...rest, REGISTER_DATABASE_URL_FILE: file })).toMatchObject({
      REGISTER_DATABASE_URL: 'postgres://coldroom:geheim@db/register',
      REDIS_URL: 'redis://redis',
    });
  });

  test('each fault of such a file is reported once, with its name: both set, missing, empty, etc.', () => {
    const both = fileOf('both', 'redis://a');
    const empty = fileOf('empty', '\n');
    const malformed = fileOf('malformed', 'secret-words');
    expect(
      faultsOf({
        ...good,
        REDIS_URL_FILE: both,
        REGISTER_DATABASE_URL: '',
        REGISTER_DATABASE_URL_FILE: '/nowhere',
        COLDROOM_STORES: '',
        COLDROOM_STORES_FILE: dir,
        OMERO_DATABASE_URL_FILE: malformed,
        OMERO_DATA_DIR: '',
        OMERO_DATA_DIR_FILE: empty,
      }),
    ).toEqual([
      'REGISTER_DATABASE_URL_FILE names /nowhere, which cannot be read (ENOENT)',
      'OMERO_DATABASE_URL must be a URL that starts with postgres:// or postgresql://',
      'REDIS_URL and REDIS_URL_FILE are both set; keep one of them',
      'OMERO_DATA_DIR must be an absolute path',
      `COLDROOM_STORES_FILE names ${dir}, which cannot be read (EISDIR)`,
    ]);
  });

  test('no message contains a value: it may be a password', () => {
    expect(faultsOf({ ...good, REGISTER_DATABASE_URL: 'mysql://root:geheim@db' }).join()).not.toContain('geheim');
  });

  test.each([
    ['postgres://coldroom:geheim@db:5432/register', 'postgres://coldroom:***@db:5432/register'],
    ['postgres://coldroom:ge@he@im@db/register', 'postgres://coldroom:***@db/register'],
    ['postgres://coldroom:p%40ss@db/register?sslmode=require', 'postgres://coldroom:***@db/register?sslmode=require'],
    ['postgres://db/register?user=coldroom&password=geheim', 'postgres://db/register?user=coldroom&password=***'],
    ['postgres:///register?host=/run/postgresql&password=geheim', expect.not.stringContaining('geheim')],
    ['redis://:geheim@redis:6379/2', 'redis://:***@redis:6379/2'],
    ['rediss://redis', 'rediss://redis'],
    ['postgres://coldroom@db/register', 'postgres://coldroom@db/register'],
    ['not a URL: geheim', '***'],
  ])('%s is shown without its password', (url, shown) => {
    expect(shownSettings({ REDIS_URL: url, COLDROOM_HOLD: 0, OMERO_DATA_DIR: '/OMERO' })).toEqual({
      REDIS_URL: shown,
      COLDROOM_HOLD: 0,
      OMERO_DATA_DIR: '/OMERO',
    });
  });
});

describe('sign-in through a proxy', () => {
  const read = (header: string | undefined, addresses?: string) =>
    readSettings(['proxy'], { PROXY_USER_HEADER: header, PROXY_TRUSTED_ADDRESSES: addresses });

  test('is off unless a header is named', () => {
    expect(read(undefined)).toEqual({ PROXY_TRUSTED_ADDRESSES: [] });
  });

  test('believes a header, in any case, from addresses and networks', () => {
    expect(read('X-Forwarded-User', '127.0.0.1, 10.1.0.0/16,::1,2001:db8::/32')).toEqual({
      PROXY_USER_HEADER: 'x-forwarded-user',
      PROXY_TRUSTED_ADDRESSES: ['127.0.0.1', '10.1.0.0/16', '::1', '2001:db8::/32'],
    });
  });

  test.each([
    ['no addresses', 'X-User', undefined, 'PROXY_TRUSTED_ADDRESSES is not set'],
    ['an empty list', 'X-User', ' , ', 'PROXY_TRUSTED_ADDRESSES must name the proxy'],
    ['everyone', 'X-User', '0.0.0.0/0', 'PROXY_TRUSTED_ADDRESSES must be IP addresses'],
    ['everyone by IPv6', 'X-User', '::/0', 'PROXY_TRUSTED_ADDRESSES must be IP addresses'],
    ['a name of a host', 'X-User', 'proxy.example.org', 'PROXY_TRUSTED_ADDRESSES must be IP addresses'],
    ['a network that is too long', 'X-User', '10.0.0.0/33', 'PROXY_TRUSTED_ADDRESSES must be IP addresses'],
    ['a header with an underscore', 'X_User', '127.0.0.1', 'PROXY_USER_HEADER must be the name of a header'],
    ['a header that browsers send', 'User-Agent', '127.0.0.1', 'PROXY_USER_HEADER must not be a header'],
  ])('is refused with %s', (_what, header, addresses, message) => {
    expect(() => read(header, addresses)).toThrow(message);
  });
});

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['5m', 300_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    [' 5 m ', 300_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', ' ', '5', '5 minutes', '-5m', '1e3s', '5M', 'm', '5m5s', 'Infinity', '0x10s', '5mm'])(
    '"%s" is not a duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
