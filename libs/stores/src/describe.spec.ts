import { describeStores } from './describe';
import { parseStores } from './settings';

const stores = {
  disk: { kind: 'file', directory: '/archive', price: { perTBYear: 90, currency: 'EUR' } },
  cloud: {
    kind: 's3',
    endpoint: 'https://s3.example.org:443/',
    bucket: 'coldroom',
    prefix: 'a/b',
    accessKeyEnv: 'ACCESS',
    secretKeyFile: '/etc/secret',
    recallDirectory: '/recalled',
    price: { perTBYear: 0.5, currency: 'USD' },
  },
  tape: { kind: 'arkivum', mount: '/arkivum', url: 'https://arkivum.example.org:8443', api: 'v3' },
  both: { kind: 'copies', of: ['disk', 'tape'] },
};

it('describes each store with its place and price, and no secret', () => {
  expect(
    describeStores(parseStores({ default: 'both', groups: { lab: 'disk', 'a, b': 'disk', other: 'tape' }, stores })),
  ).toEqual([
    {
      name: 'disk',
      kind: 'file',
      isDefault: false,
      groups: ['lab', 'a, b'],
      place: '/archive',
      price: { perTBYear: 90, currency: 'EUR' },
    },
    {
      name: 'cloud',
      kind: 's3',
      isDefault: false,
      groups: [],
      place: 'https://s3.example.org:443/coldroom/a/b, recalled to /recalled',
      price: { perTBYear: 0.5, currency: 'USD' },
    },
    {
      name: 'tape',
      kind: 'arkivum',
      isDefault: false,
      groups: ['other'],
      place: '/arkivum, appliance arkivum.example.org:8443',
      price: null,
    },
    { name: 'both', kind: 'copies', isDefault: true, groups: [], place: 'disk and tape', price: null },
  ]);
});

it.each([
  { perTBYear: -1, currency: 'EUR' },
  { perTBYear: '90', currency: 'EUR' },
  { perTBYear: Number.POSITIVE_INFINITY, currency: 'EUR' },
  { perTBYear: 90, currency: 'Euro' },
  { perTBYear: 90 },
  { perTBYear: 90, currency: 'EUR', per: 'month' },
])('refuses the price %j', (price) => {
  expect(() => parseStores({ default: 'disk', stores: { disk: { ...stores.disk, price } } })).toThrow(
    expect.objectContaining({ code: 'STORES_INVALID', message: expect.stringContaining('stores.disk.price') }),
  );
});
