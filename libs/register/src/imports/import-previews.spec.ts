import { freshRegister } from '../testing/fresh-register';
import type { PreviewAnswer } from './import-previews';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  fresh = await freshRegister();
});
afterEach(() => fresh.drop());

const previews = () => fresh.register.imports.previews;
const source = Buffer.from([0x2f, 0x62, 0xff, 0x0a]);
const minute = 60_000;
const found: PreviewAnswer = {
  preview: {
    files: 2,
    bytes: 1n << 60n,
    filesetCount: 1,
    filesets: [{ reader: 'TiffReader', files: 2, name: 'a.tif' }],
    refusedCount: 0,
    refused: [],
  },
  code: null,
  reason: null,
};
const failed: PreviewAnswer = { preview: null, code: 'IMPORT_NOTHING_FOUND', reason: 'no images' };

it('asks, takes and answers', async () => {
  expect(await previews().state(source)).toEqual({ answer: undefined, isTaken: false });
  await previews().ask(source, minute);
  expect(await previews().take('w', minute)).toEqual(source);
  expect(await previews().state(source)).toEqual({ answer: undefined, isTaken: true });
  await previews().answer(source, 'w', found);
  expect(await previews().state(source)).toEqual({ answer: found, isTaken: false });
});

it('takes paths that no index could hold', async () => {
  const long = Buffer.alloc(4096, 'x');
  await previews().ask(long, minute);
  expect(await previews().take('w', minute)).toEqual(long);
});

it('gives one question to one importer, and to another one when its time is over', async () => {
  await previews().ask(source, minute);
  await previews().ask(source, minute);
  expect(await previews().take('one', 50)).toEqual(source);
  expect(await previews().take('two', minute)).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await previews().take('two', minute)).toEqual(source);
  await previews().answer(source, 'one', failed);
  expect((await previews().state(source)).answer).toBeUndefined();
  await previews().answer(source, 'two', found);
  expect((await previews().state(source)).answer).toEqual(found);
});

it('asks again for what is old or failed, and not for what is new', async () => {
  const answered = async (answer: PreviewAnswer) => {
    await previews().take('w', minute);
    await previews().answer(source, 'w', answer);
  };
  await previews().ask(source, minute);
  await answered(found);
  await previews().ask(source, minute);
  expect((await previews().state(source)).answer).toEqual(found);
  await previews().ask(source, 0);
  expect((await previews().state(source)).answer).toBeUndefined();
  await answered(failed);
  expect((await previews().state(source)).answer).toEqual(failed);
  await previews().ask(source, minute, minute);
  expect((await previews().state(source)).answer).toEqual(failed);
  await previews().ask(source, minute);
  expect((await previews().state(source)).answer).toBeUndefined();
});

it('gives back what was taken, and nothing of another importer', async () => {
  await previews().ask(source, minute);
  await previews().take('one', minute);
  await previews().release(source, 'two');
  expect(await previews().take('two', minute)).toBeUndefined();
  await previews().release(source, 'one');
  expect(await previews().take('two', minute)).toEqual(source);
});

it('forgets', async () => {
  await previews().ask(source, minute);
  await previews().forget(minute);
  expect(await previews().take('w', 1)).toEqual(source);
  await previews().forget(0);
  expect(await previews().take('w', 1)).toBeUndefined();
});
