import type { Register } from '@coldroom/register';
import { readStores } from '@coldroom/stores';
import type { Notify } from '../busy';
import { move } from '../move/move';
import { between, planMove } from '../move/plan';
import type { Surroundings } from '../surroundings';

/**
 * Asks the services to carry what was taken over into a store whose copies can be called durable: the named one, or the
 * default. Returns how many bags were asked for.
 */
export async function moveOn(
  around: Surroundings,
  register: Register,
  { from, to, by }: { readonly from: string; readonly to: string | undefined; readonly by: string },
  notify: Notify,
): Promise<number> {
  const path = around.settings('stores').COLDROOM_STORES;
  const stores = await between(path, from, to ?? (await readStores(path)).default);
  return move(register, await planMove(register, stores, []), stores, by, notify);
}
