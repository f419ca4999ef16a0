import { personalIn, seenBy } from './access';

const seen = (login: string, access = '{login}') => seenBy(login, { access, shared: [] }).map(String);

it.each(['alice', 'a.b', '$&', '$`', "$'", '$$', '{login}', '-x', 'Zoë'])(
  'gives %s the directory of this name',
  (login) => {
    expect(seen(login)).toEqual([login]);
    expect(seen(login, 'users/{login}/in')).toEqual([`users/${login}/in`]);
  },
);

it.each(['', '.', '..', 'a/b', '../bob', 'a\0', '\ud800'])('gives %j none', (login) => expect(seen(login)).toEqual([]));

it.each<[string, string, ReturnType<typeof personalIn>]>([
  ['{login}', 'alice', { login: 'alice' }],
  ['{login}', 'alice/run', undefined],
  ['users/{login}/in', 'users', 'everyone'],
  ['users/{login}/in', 'users/alice', { login: 'alice' }],
  ['users/{login}/in', 'users/alice/in', { login: 'alice' }],
  ['users/{login}/in', 'users/alice/out', undefined],
  ['users/{login}/in', 'users/alice/in/run', undefined],
  ['users/{login}/in', 'other', undefined],
  ['d.{login}', 'd.alice', { login: 'alice' }],
  ['d.{login}', 'd.', undefined],
  ['d.{login}', 'dxalice', undefined],
  ['{login}-{login}', 'a-a', undefined],
  ['{login}/{login}', 'alice/alice', { login: 'alice' }],
  ['{login}/{login}', 'alice/bob', undefined],
])('with directories %s, %s holds those of %j', (access, path, whose) =>
  expect(personalIn(Buffer.from(path), { access })).toEqual(whose),
);
