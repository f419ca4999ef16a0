import { codeOf, messageOf } from '@coldroom/domain';
import { askedBy, type Moving, type Policy } from '@coldroom/policies';
import { Register } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

const bagsAtOnce = 1000;

/** What a rule moved in one evaluation. */
export interface MoveReport {
  readonly policy: string;
  readonly bags: number;
  readonly bytes: string;
  /** Bags that could not be moved now; the next evaluation tries again. */
  readonly notNow: number;
  /** Whether there is more than the limit of a day allows. */
  readonly more: boolean;
  /** The first reason of those that could not be moved. */
  readonly reason: string | null;
}

/** Requests the move of bags that have been in a store for long enough. The services then do what they do for a person. */
export class Tiers {
  constructor(
    private readonly register: Register,
    private readonly stores: Stores,
  ) {}

  async run(policy: Policy, move: Moving): Promise<MoveReport> {
    const { tierMoves, moves, services } = this.register;
    // Both must be among the stores: a name that is wrong is reported before anything moves.
    for (const name of [move.from, move.to]) this.stores.get(name);
    let left = move.perDay - (await tierMoves.bytesToday(policy.name));
    let [bags, bytes, notNow, reason]: [number, bigint, number, string | null] = [0, 0n, 0, null];
    const due = await tierMoves.due(
      { policy: policy.name, from: move.from, afterDays: move.after, ...policy.who },
      bagsAtOnce,
    );
    for (const bag of due) {
      if (bag.bytes > left) return { policy: policy.name, bags, bytes: `${bytes}`, notNow, more: true, reason };
      await services.advanced('scanner');
      try {
        const moving = await moves.ask([bag.id], { from: move.from, to: move.to }, askedBy(policy.name));
        if (moving === 0) notNow += 1;
        else {
          await tierMoves.moved(policy.name, [bag]);
          [bags, bytes, left] = [bags + 1, bytes + bag.bytes, left - bag.bytes];
        }
      } catch (error) {
        if (codeOf(error) !== 'BAG_BUSY') throw error;
        notNow += 1;
        reason ??= messageOf(error);
      }
    }
    return { policy: policy.name, bags, bytes: `${bytes}`, notNow, more: due.length === bagsAtOnce, reason };
  }
}
