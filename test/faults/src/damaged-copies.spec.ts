import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '@coldroom/runtime';
import { twoFilesets } from './crash-points';
import { copiesStore, fileStore, type StoreKind } from './store-kinds';
import { flipByte } from './tampering';
import { World } from './world';

let world: World;
afterEach(() => world.close());

/** Archives, frees the space, and damages the first store's copy of a file. Returns how to repair it. */
async function damaged(
  store: StoreKind,
): Promise<{ readonly requestId: bigint; readonly at: string; readonly repair: () => void }> {
  world = await World.create({ hold: '0', store });
  world.services.startAll();
  const requestId = await world.archive(twoFilesets);
  const file = (await world.reached(requestId, 'released')).find(({ path }) => path.endsWith('a.tif'))!;
  const copy = join(world.store, file.bag!, 'data', file.root, file.path);
  flipByte(copy);
  return { requestId, at: join(world.data, file.root, file.path), repair: () => flipByte(copy) };
}

test('a damaged copy in the store is not put in place; once repaired, it is restored', async () => {
  const { requestId, at, repair } = await damaged(fileStore);
  const { code } = await world.services.command('restore', `Request:${requestId}`, '--yes').exited;
  expect(code).toBe(exitCodes.partly);
  const [stuck] = await world.stuck(requestId, 'COPY_DIFFERS');
  expect(lstatSync(at).isSymbolicLink()).toBe(true);
  repair();
  await world.coldroom('files', 'retry', String(stuck!.id));
  await world.reached(requestId, 'restored');
  await world.services.killAll();
  await world.checkAtRest();
});

test('of two stores, one of which has a damaged copy, the other delivers its own', async () => {
  const { requestId, repair } = await damaged(copiesStore);
  await world.coldroom('restore', `Request:${requestId}`, '--yes');
  await world.reached(requestId, 'restored');
  repair();
  await world.services.killAll();
  await world.checkAtRest();
});
