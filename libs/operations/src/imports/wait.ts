import type { ImportState } from '@coldroom/domain';
import type { ImportOrder, Register } from '@coldroom/register';
import { waiting, type Waiting } from '../waiting';

/** The states in which the importer has nothing to do for whoever waits: a done order is in OMERO, and proven. */
const ended: readonly ImportState[] = ['done', 'emptied', 'cancelled', 'stuck'];
const stillMs = 60_000;

/** Waits until each of these orders is in OMERO, cancelled or stuck. */
export async function* untilImported(
  register: Register,
  ids: readonly bigint[],
): AsyncGenerator<Waiting<readonly ImportOrder[]>, readonly ImportOrder[]> {
  return yield* waiting({
    read: async () => {
      const orders = await Promise.all(ids.map((id) => register.imports.orders.get(id)));
      return orders.filter((order) => order !== undefined);
    },
    isOver: (orders) => orders.every(({ state }) => ended.includes(state)),
    stillMs,
    pauseMs: 500,
  });
}

export const isImportEnded = (state: ImportState): boolean => ended.includes(state);
