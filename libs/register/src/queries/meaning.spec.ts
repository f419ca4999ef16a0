import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  claimed,
  closure,
  draft,
  newFile,
  newImage,
  running,
  skipped,
  stage,
  transitionOf,
} from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
});
afterAll(() => place.drop());

it('images of which no file is taken do not count, and filesets that bring most along come first', async () => {
  const { register } = place;
  const id = await register.requests.create(
    draft,
    closure(
      [
        newImage(1n, 'Fileset:1'),
        newImage(2n, 'Fileset:2'),
        newImage(3n, 'Fileset:2', false),
        newImage(4n, 'Fileset:3'),
        newImage(5n, 'Fileset:3', false),
      ],
      [
        newFile('Fileset:1', 'a', { size: 5n }),
        newFile('Fileset:2', 'b', { size: 7n }),
        newFile('Fileset:2', 'c', { size: 1n }),
        newFile('Fileset:3', 'd', skipped('MISSING')),
        newFile('Fileset:3', 'e'),
      ],
    ),
    'scanner',
  );
  expect(await register.meaning.taken(id)).toEqual({ images: 3, marked: 2, filesets: 2 });
  const [second, first] = [
    { fileset: 'Fileset:2', name: 'image 2', images: 2, marked: 1, files: 2, bytes: 8n },
    { fileset: 'Fileset:1', name: 'image 1', images: 1, marked: 1, files: 1, bytes: 5n },
  ];
  expect(await register.meaning.filesets(id, 10)).toEqual([second, first]);
  expect(await register.meaning.filesets(id, 1)).toEqual([first]);
});

it('history adds up what happened to bags and files, and keeps each step of the request', async () => {
  const { register } = place;
  const id = await running(register, { 'Fileset:11': [1n, 2n], 'Fileset:12': [1n << 30n] });
  for (const bag of await bagsOf(register)) {
    const claim = await claimed(register, bag, 'approved');
    await register.applyTransitions(
      claim,
      claim.files.map((file) => transitionOf(file, file.size === 2n ? 'fail' : 'hash')),
      stage,
    );
  }
  const history = await register.meaning.history(id, 10);
  expect(history.map(({ what, code, files }) => [what, code, files])).toEqual([
    ['hash', null, 2],
    ['fail', 'TROUBLE', 1],
    ['start', null, 0],
    ['approve', null, 0],
    ['scan', null, 0],
  ]);
  expect(history.at(-2)?.actor).toBe('boss');
  expect(await register.meaning.history(id, 1)).toHaveLength(1);
});

it('originals are held until the last bag is due to be released, and then no longer', async () => {
  const { register } = place;
  const before = new Set(await bagsOf(register));
  const id = await running(register, { 'Fileset:21': [3n, 4n] });
  expect(await register.meaning.held(id)).toEqual({ files: 0, bytes: 0n, from: null, until: null });
  const bag = (await bagsOf(register)).find((each) => !before.has(each))!;
  await brought(register, bag, 'sealed');
  const claim = await claimed(register, bag, 'sealed');
  await register.applyTransitions(
    claim,
    claim.files.map((file) => transitionOf(file, 'link')),
    { ...stage, delayMs: 86_400_000 },
  );
  const { files, bytes, from, until } = await register.meaning.held(id);
  expect([files, bytes]).toEqual([2, 7n]);
  expect(Math.round(((until?.getTime() ?? 0) - Date.now()) / 3_600_000)).toBe(24);
  expect(from).toEqual(until);
  expect(await register.meaning.held()).toEqual({ files, bytes, from, until });
});
