import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, running, stage, transitionOf } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
});
afterAll(() => place.drop());

it('an empty register has none', async () => {
  expect(await place.register.figures(['approved', 'hashed'])).toEqual({ due: [], stuck: [], pendingMarks: 0 });
});

it('a due bag counts from when it was due, until a worker holds it', async () => {
  const { register, sql } = place;
  await running(register, { 'Fileset:1': [1n] });
  const [bag] = await bagsOf(register);
  await sql.query("UPDATE bag SET not_before = now() - interval '1 hour'");
  const [due] = (await register.figures(['approved', 'hashed'])).due;
  expect(due).toEqual({ state: 'approved', seconds: expect.any(Number) });
  expect(Math.round(due!.seconds)).toBe(3600);
  expect((await register.figures(['hashed'])).due).toEqual([]);
  await claimed(register, bag!, 'approved');
  expect((await register.figures(['approved'])).due).toEqual([]);
});

it('a bag whose turn is later is not due', async () => {
  const { register, sql } = place;
  await running(register, { 'Fileset:2': [1n] });
  await sql.query("UPDATE bag SET not_before = now() + interval '1 hour', lease_until = NULL");
  expect((await register.figures(['approved'])).due).toEqual([]);
});

it('stuck files are counted by code, and images whose marks are to be written', async () => {
  const { register } = place;
  const before = new Set(await bagsOf(register));
  await running(register, { 'Fileset:3': [1n, 2n, 3n] });
  const bag = (await bagsOf(register)).find((each) => !before.has(each))!;
  await brought(register, bag, 'hashed');
  const claim = await claimed(register, bag, 'hashed');
  await register.applyTransitions(
    claim,
    claim.files.map((file) => transitionOf(file, file.size === 3n ? 'copy' : 'fail')),
    stage,
  );
  const { stuck, pendingMarks } = await register.figures([]);
  expect(stuck).toEqual([{ code: 'TROUBLE', files: 2 }]);
  expect(pendingMarks).toBe((await register.marks.pending(1000)).length);
  expect(pendingMarks).toBeGreaterThan(0);
});
