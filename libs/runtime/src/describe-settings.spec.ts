import { describeSettings } from './describe-settings';
import { parts } from './setting-parts';

const of = (key: string, env: NodeJS.ProcessEnv = {}): unknown => describeSettings(env).find((one) => one.key === key);

test('each known setting is described once, in order', () => {
  const keys = describeSettings({}).map(({ key }) => key);
  const known = Object.values(parts).flatMap(({ shape }) => Object.keys(shape));
  expect(keys).toEqual([...new Set(known)].sort());
});

test.each([
  ['COLDROOM_SCAN_EVERY', '5m'],
  ['COLDROOM_FIXITY_EVERY', '180d'],
  ['COLDROOM_RETRY_PAUSE', '5s'],
  ['COLDROOM_LEASE', '1m'],
  ['COLDROOM_SESSION_MAX', '12h'],
  ['COLDROOM_ATTEMPTS', '12'],
  ['METRICS_PORT', '9464'],
  ['COLDROOM_FOUR_EYES', 'false'],
  ['COLDROOM_MANAGERS', 'none'],
  ['MAIL_DIGEST_AT', '07:00'],
])('%s has the default %s, as one would write it', (key, value) => {
  expect(of(key)).toEqual({ key, value, from: 'default', isSecret: false });
});

test('what has no default is not set', () => {
  expect(of('COLDROOM_HOLD')).toEqual({ key: 'COLDROOM_HOLD', value: null, from: 'nowhere', isSecret: false });
  expect(of('COLDROOM_HOLD', { COLDROOM_HOLD: '' })).toMatchObject({ from: 'nowhere' });
});

test('a setting is shown as it is written, even if it is invalid', () => {
  expect(of('COLDROOM_HOLD', { COLDROOM_HOLD: 'a week' })).toMatchObject({ value: 'a week', from: 'environment' });
});

test('no secret and no password is shown', () => {
  const env = {
    COLDROOM_SESSION_SECRET: 'geheim',
    REGISTER_DATABASE_URL: 'postgres://coldroom:geheim@db/register',
    OMERO_DATABASE_URL_FILE: '/etc/geheim',
    SMTP_URL: 'geheim',
    REDIS_URL: 'redis://redis',
  };
  expect(JSON.stringify(describeSettings(env))).not.toContain('geheim');
  expect(of('COLDROOM_SESSION_SECRET', env)).toMatchObject({ value: null, from: 'environment', isSecret: true });
  expect(of('REGISTER_DATABASE_URL', env)).toMatchObject({ value: 'postgres://coldroom:***@db/register' });
  expect(of('OMERO_DATABASE_URL', env)).toMatchObject({ value: null, from: 'file' });
  expect(of('REDIS_URL', env)).toMatchObject({ value: 'redis://redis' });
});
