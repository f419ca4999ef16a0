import type { MoveProgress, PlannedBag, Register } from '@coldroom/register';
import { untilNotBusy, type Notify } from '../busy';
import { refuseWhereStopped } from '../switches/stopped';
import { waiting, type Waiting } from '../waiting';
import type { Between, MovePlan } from './plan';

const stillMs = 15_000;
/** The number of bags of a request whose move starts in one transaction. */
const bagsAtOnce = 200;

/** Requests the move of all movable bags; returns how many. */
export async function move(
  register: Register,
  { movable }: MovePlan,
  stores: Pick<Between, 'from' | 'to'>,
  by: string,
  notify: Notify,
): Promise<number> {
  return inGroups(movable, notify, (bags) => register.moves.ask(bags, stores, by));
}

/** The bags whose move between these stores can be cancelled. */
export function cancellable({ underWay }: MovePlan, { to }: Pick<Between, 'to'>): readonly PlannedBag[] {
  return underWay.filter((bag) => bag.movingTo === to);
}

/** Cancels the move of these bags; returns how many. */
export async function cancelMove(
  register: Register,
  bags: readonly PlannedBag[],
  by: string,
  notify: Notify,
): Promise<number> {
  return inGroups(bags, notify, (some) => register.moves.cancel(some, by));
}

/** Waits until every bag has arrived or needs a person. */
export async function* untilMoved(
  register: Register,
  bags: readonly bigint[],
): AsyncGenerator<Waiting<MoveProgress>, MoveProgress> {
  return yield* waiting({
    read: () => register.moves.progress(bags),
    isOver: ({ going }) => going === 0,
    stillMs,
    // Links are swapped only while nothing at all is stopped.
    whenStill: () => refuseWhereStopped(register, 'The move is requested'),
  });
}

/** Does something with bags of one request after another, each when they are free. */
async function inGroups(
  bags: readonly PlannedBag[],
  notify: Notify,
  act: (bags: readonly bigint[]) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (const group of Map.groupBy(bags, (bag) => bag.requestId).values()) {
    for (let start = 0; start < group.length; start += bagsAtOnce) {
      const ids = group.slice(start, start + bagsAtOnce).map((bag) => bag.id);
      done += await untilNotBusy(notify, () => act(ids));
    }
  }
  return done;
}
