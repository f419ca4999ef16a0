import { freshRegister } from '../testing/fresh-register';
import { closure, newFile, newImage } from '../testing/sample-request';
import type { RequestFilter, RequestPage } from './request-filter';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
  const people = [
    ['ada', 'Lab', 'ada'],
    ['bob', 'Lab', 'ada'],
    ['100%_sure', 'Imaging', 'carol'],
    ['bob', 'Imaging', 'bob'],
    ['dan', 'Other', 'dan'],
  ] as const;
  const sizes = [5n, 40n, 30n, 40n, 10n];
  const number = (name: string): bigint => BigInt(name.charCodeAt(0));
  for (const [nr, [owner, group, requester]] of people.entries())
    await place.register.requests.create(
      {
        ...{ owner, group, requester },
        ...{ ownerId: number(owner), groupId: number(group), requesterId: number(requester) },
      },
      closure([newImage(BigInt(nr), `Fileset:${nr}`)], [newFile(`Fileset:${nr}`, `f${nr}`, { size: sizes[nr] })]),
      'scanner',
    );
  const { requests } = place.register;
  await requests.decline(2n, 'boss', 'no');
  await requests.approve(4n, 'boss');
  await requests.start(4n, 'tape', () => 'bag', 'scanner');
});
afterAll(() => place.drop());

const id = (name: string): bigint => BigInt(name.charCodeAt(0));
const noOne = { personId: null, groupIds: [] };

it.each<[string, RequestFilter, RequestPage, number[]]>([
  ['nothing asked', {}, {}, [5, 4, 3, 2, 1]],
  ['a page', {}, { limit: 2 }, [5, 4]],
  ['the page after it', {}, { limit: 2, after: 4n }, [3, 2]],
  ['the oldest first', {}, { order: 'oldest' }, [1, 2, 3, 4, 5]],
  ['the next page of the oldest', {}, { order: 'oldest', limit: 2, after: 2n }, [3, 4]],
  ['the largest first, of equal ones the newest', {}, { order: 'largest' }, [4, 2, 3, 5, 1]],
  ['a page of the largest', {}, { order: 'largest', limit: 1 }, [4]],
  ['the next page, between equal ones', {}, { order: 'largest', limit: 2, after: 4n, afterBytes: 40n }, [2, 3]],
  ['the largest of two states', { states: ['New', 'Declined'] }, { order: 'largest', limit: 2 }, [2, 3]],
  [
    'the largest that a person may see',
    { visibleTo: { personId: id('bob'), groupIds: [id('Lab')] } },
    { order: 'largest' },
    [4, 2, 1],
  ],
  [
    'the oldest that a person may see',
    { visibleTo: { personId: id('bob'), groupIds: [] } },
    { order: 'oldest' },
    [2, 4],
  ],
  ['one state', { states: ['Running'] }, {}, [4]],
  ['two states, one of them twice', { states: ['New', 'Declined', 'New'] }, {}, [5, 3, 2, 1]],
  ['a page of two states', { states: ['New', 'Declined'] }, { limit: 2, after: 5n }, [3, 2]],
  ['no state', { states: [] }, {}, []],
  ['a group', { groupId: id('Lab') }, {}, [2, 1]],
  ['an owner', { ownerId: id('bob') }, {}, [4, 2]],
  ['a requester', { requesterId: id('ada') }, {}, [2, 1]],
  ['a store', { store: 'tape' }, {}, [4]],
  ['a store without files', { store: 'main' }, {}, []],
  ['part of a name, in any case', { text: 'IMAG' }, {}, [4, 3]],
  ['a name with what SQL takes for a pattern', { text: '0%_S' }, {}, [3]],
  ['a pattern that is no part of a name', { text: 'b%b' }, {}, []],
  ['a quote', { text: `'; DROP TABLE request; --` }, {}, []],
  ['the number of a request', { text: '5' }, {}, [5]],
  ['names of two columns together', { text: 'adaLab' }, {}, []],
  ['what a person owns or requested', { visibleTo: { personId: id('ada'), groupIds: [] } }, {}, [2, 1]],
  ['what groups have', { visibleTo: { personId: null, groupIds: [id('Lab'), id('Other')] } }, {}, [5, 2, 1]],
  ['both', { visibleTo: { personId: id('bob'), groupIds: [id('Lab')] } }, {}, [4, 2, 1]],
  ['a page of both', { visibleTo: { personId: id('bob'), groupIds: [id('Lab')] } }, { limit: 2, after: 4n }, [2, 1]],
  ['what no one may see', { visibleTo: noOne }, {}, []],
  [
    'a state among what a person may see',
    { states: ['New'], visibleTo: { personId: id('bob'), groupIds: [] } },
    {},
    [],
  ],
  [
    'all of it',
    {
      states: ['Running'],
      groupId: id('Imaging'),
      ownerId: id('bob'),
      store: 'tape',
      text: 'bo',
      visibleTo: { personId: id('bob'), groupIds: [] },
    },
    { after: 9n, limit: 9 },
    [4],
  ],
])('requests are listed by %s', async (_name, filter, page, expected) => {
  const list = await place.register.requests.list(filter, page);
  expect(list.map((request) => Number(request.id))).toEqual(expected);
});
