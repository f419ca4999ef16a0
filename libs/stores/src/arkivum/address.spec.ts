import { parseStores, type StoreSettings } from '../settings';
import { whyNotAppliance } from './address';

const right = { kind: 'arkivum', mount: '/arkivum/omero', url: 'https://arkivum.example.org:8443', api: 'v2' };
const parsed = (part: object): StoreSettings =>
  parseStores({ default: 'main', stores: { main: { ...right, ...part } } }).stores['main']!;

it('takes settings, with what is not dangerous by default', () => {
  expect(parsed({})).toEqual({
    ...right,
    folder: '',
    insecure: false,
    release: true,
    durableAt: 'green',
    silenceLimit: 30_000,
    connections: 4,
    sameFileSystem: false,
    protect: 'permissions',
    verify: 'direct',
  });
  expect(
    parsed({ folder: 'labs/omero', silenceLimit: '2m', url: 'http://[2001:db8::7]/a6', insecure: true }),
  ).toMatchObject({ silenceLimit: 120_000 });
});

it.each([
  [{ api: undefined }, 'api'],
  [{ api: 'v6' }, 'api'],
  [{ durableAt: 'red' }, 'durableAt'],
  [{ url: 'http://arkivum.example.org' }, 'insecure: true'],
  [{ folder: '/omero' }, 'folder'],
  [{ folder: '../x' }, 'folder'],
  [{ folder: 'a//b' }, 'folder'],
  [{ silenceLimit: '0s' }, 'silenceLimit'],
  [{ silenceLimit: 30 }, 'silenceLimit'],
  [{ connections: 0 }, 'connections'],
  [{ caFile: 'ca.pem' }, 'caFile'],
  [{ mount: 'x' }, 'mount'],
  [{ token: 'x' }, 'token'],
])('refuses %j', (part, told) => {
  expect(() => parsed(part)).toThrow(
    expect.objectContaining({ code: 'STORES_INVALID', message: expect.stringContaining(told) }),
  );
});

it.each([
  'https://169.254.169.254/latest',
  'https://0xa9fea9fe/',
  'https://2852039166',
  'https://[fe80::1]',
  'https://[::ffff:169.254.169.254]',
  'https://[fd00:ec2::254]',
  'https://0.0.0.0',
  'https://user:secret@arkivum.example.org',
  'https://arkivum.example.org/?x',
  'ftp://arkivum.example.org',
  'arkivum',
])('rejects %s as an address of an appliance', (url) => {
  expect(whyNotAppliance(url)).toEqual(expect.stringMatching(/^(must|names)/));
  expect(() => parsed({ url, insecure: true })).toThrow(expect.objectContaining({ code: 'STORES_INVALID' }));
});

it.each(['https://localhost:8443', 'https://10.1.2.3', 'https://[::1]:8443', 'https://arkivum.example.org/a6'])(
  'accepts %s as one',
  (url) => {
    expect(whyNotAppliance(url)).toBeNull();
  },
);
