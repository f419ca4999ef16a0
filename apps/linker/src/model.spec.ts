import fc from 'fast-check';
import { anAction, carryOut } from './testing/model/actions';
import { ModelWorld } from './testing/model/model-world';

/** How many actions, about, in runs of up to a hundred. `MODEL_SEED` repeats what a printed seed led to. */
const total = Number(process.env['MODEL_ACTIONS'] ?? 1500);
const longest = 100;
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
jest.setTimeout(24 * 3_600_000);

test(`whatever happens in whatever order, every file reads as it must (seed ${seed})`, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(anAction, { maxLength: longest, size: 'max' }),
      async (recallable, actions) => {
        const world = await ModelWorld.create(`model_${(runs += 1)}`, recallable);
        try {
          for (const action of actions) {
            await carryOut(world, action);
            expect(await world.wrong()).toEqual([]);
          }
          await comeToRest(world);
          expect(await world.wrong()).toEqual([]);
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: Math.ceil(total / (longest / 2)), seed, endOnFailure: process.env['CI'] !== undefined },
  );
});

/** All is mounted and resumed, and the services work until there is nothing to do. */
async function comeToRest(world: ModelWorld): Promise<void> {
  await world.mount('main', true);
  await world.mount('other', true);
  await world.register.switches.resume(undefined, 'a person');
  await world.comeToRest();
}
