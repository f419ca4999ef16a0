import { ownerOf } from './access';
import { parseImports } from './settings';
import { fillTemplate, matchTemplate, pathTemplate } from './templates';

const template = (text: string) => pathTemplate.parse(text);
const words = (text: string, path: string | Buffer) => {
  const found = matchTemplate(template(text), Buffer.from(path));
  return found && Object.fromEntries([...found].map(([word, value]) => [word, value.toString('latin1')]));
};

it.each<[string, string, object | undefined]>([
  ['{login}/{dataset}', 'alice/day 1', { login: 'alice', dataset: 'day 1' }],
  ['data/{login}', 'data/alice', { login: 'alice' }],
  ['data/{login}', 'other/alice', undefined],
  ['{login}/{dataset}', 'alice', undefined],
  ['{login}/{dataset}', 'alice/a/b', undefined],
])('%s is matched by %s: %j', (text, path, values) => expect(words(text, path)).toEqual(values));

it('keeps names as bytes', () => {
  const values = matchTemplate(template('{login}/{name}'), Buffer.from('alice/\xff\n', 'latin1'));
  expect(fillTemplate(template('from/{name}/of/{login}'), values!)).toEqual(
    Buffer.from('from/\xff\n/of/alice', 'latin1'),
  );
});

it.each(['', '/a', 'a/', 'a//b', '../{a}', '{a}/{a}', '{A}', 'x{a}', '{a'])('%j is no template', (text) =>
  expect(pathTemplate.safeParse(text).success).toBe(false),
);

it.each<[string, string, string | undefined]>([
  ['{login}', 'alice/run', 'alice'],
  ['{login}', 'alice', 'alice'],
  ['{login}', 'everyone/run', undefined],
  ['{login}', 'everyone', undefined],
  ['users/{login}/in', 'users/alice/in/run', 'alice'],
  ['users/{login}/in', 'users/alice/out/run', undefined],
  ['users/{login}/in', 'users/alice', undefined],
  ['d.{login}', 'd.alice/run', 'alice'],
  ['d.{login}', 'dxalice/run', undefined],
  ['{login}/{login}', 'alice/alice/run', 'alice'],
  ['{login}/{login}', 'alice/bob/run', undefined],
])('with directories %s, %s is of %s', (access, path, login) =>
  expect(ownerOf(Buffer.from(path), { access, shared: ['everyone'] })).toBe(login),
);

it('gives a directory whose name is not UTF-8 to no one', () =>
  expect(ownerOf(Buffer.from('\xff/run', 'latin1'), { access: '{login}', shared: ['.'] })).toBeUndefined());

describe('the imports file', () => {
  const buffer = { directory: '/buffer' };
  const scope = {
    from: '/mnt/scope',
    sets: '{login}/{name}',
    into: { buffer: 'main', directory: '{login}/scope/{name}' },
  };

  it('describes what is watched, and instruments', () => {
    const { buffers, instruments } = parseImports({
      buffers: { main: { ...buffer, watch: { layout: '{login}/{dataset}', marker: 'done.txt' } } },
      instruments: { scope: { ...scope, rate: '2.5MB/s', every: '5m' }, other: { ...scope, from: 'scope@pc-7:/data' } },
    });
    expect(buffers[0]?.watch).toMatchObject({ manifests: 'none', depth: 4, marker: 'done.txt' });
    expect(instruments).toMatchObject([
      { name: 'scope', rate: 2_500_000, every: 300_000, ready: { stable: 600_000 } },
      { name: 'other', from: 'scope@pc-7:/data' },
    ]);
  });

  it.each<[string, object, RegExp]>([
    ['a watch without a rule', { buffers: { main: { ...buffer, watch: {} } } }, /layout, or manifests/],
    [
      'a layout without a person',
      { buffers: { main: { ...buffer, watch: { layout: 'a/{dataset}' } } } },
      /login and dataset/,
    ],
    [
      'an unknown word',
      { buffers: { main: { ...buffer, watch: { layout: '{login}/{dataset}/{x}' } } } },
      /may have the words/,
    ],
    [
      'an option for a source',
      { buffers: { main: buffer }, instruments: { scope: { ...scope, from: '-e/x' } } },
      /absolute path, or/,
    ],
    [
      'a host that is an option',
      { buffers: { main: buffer }, instruments: { scope: { ...scope, from: '-oProxyCommand=x:/d' } } },
      /absolute path, or/,
    ],
    [
      'a way out',
      { buffers: { main: buffer }, instruments: { scope: { ...scope, from: '/mnt/../etc' } } },
      /absolute path, or/,
    ],
    [
      'another buffer',
      { buffers: { main: buffer }, instruments: { scope: { ...scope, into: { ...scope.into, buffer: 'none' } } } },
      /buffer of the list/,
    ],
    [
      'one place for many sets',
      {
        buffers: { main: buffer },
        instruments: { scope: { ...scope, into: { buffer: 'main', directory: '{name}' } } },
      },
      /all words of sets/,
    ],
    [
      'a word without a value',
      {
        buffers: { main: buffer },
        instruments: { scope: { ...scope, into: { buffer: 'main', directory: '{login}/{name}/{x}' } } },
      },
      /not among those/,
    ],
    [
      'a rate of nothing',
      { buffers: { main: buffer }, instruments: { scope: { ...scope, rate: '0MB/s' } } },
      /100MB\/s/,
    ],
  ])('with %s is refused', (_, settings, message) =>
    expect(() => parseImports(settings)).toThrow(
      expect.objectContaining({ code: 'IMPORTS_INVALID', message: expect.stringMatching(message) }),
    ),
  );
});
