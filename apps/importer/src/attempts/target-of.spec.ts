import { targetOf } from './target-of';

const order = { personId: 3n, person: 'ada', groupId: 5n, group: 'Lab' };
const [hers, another, theirs] = [
  { id: 7n, ownerId: 3n },
  { id: 9n, ownerId: 3n },
  { id: 8n, ownerId: 4n },
];
const of = (target: string, found: readonly (typeof hers)[]): Promise<string> =>
  targetOf({ ...order, target }, async () => found);

test.each(['Dataset:5', 'Screen:3', 'Dataset:name:Project:5/Dataset:name:x'])(
  '%s is what OMERO takes',
  async (target) => {
    expect(await of(target, [])).toBe(target);
  },
);

test.each([
  ['the only one', [theirs], 'Dataset:8'],
  ["the person's own", [theirs, hers], 'Dataset:7'],
])('a dataset of a project: %s', async (_which, found, expected) => {
  expect(await of('Project:name:Mice/Dataset:name:Day 1', found)).toBe(expected);
});

test('a dataset that is not there, or there more than once, is left to a person', async () => {
  await expect(of('Project:name:Mice/Dataset:name:Day 1', [])).rejects.toMatchObject({
    code: 'IMPORT_TARGET_NOT_FOUND',
    message: expect.stringContaining('The group Lab has no dataset "Day 1" in project "Mice".'),
  });
  await expect(of('Project:5/Dataset:name:Day 1', [theirs, hers, another])).rejects.toMatchObject({
    code: 'IMPORT_TARGET_AMBIGUOUS',
    message: expect.stringContaining('Dataset:7, Dataset:9.'),
  });
});
