import { statfs } from 'node:fs/promises';
import { Refused } from '@coldroom/domain';
import type { FilesetTarget, Register, RetrievalOrder, RetrievalPlan, Target } from '@coldroom/register';
import { isRecallable, readStores } from '@coldroom/stores';
import { formatBytes } from '@coldroom/terminal';
import { UsageError } from '../failure';
import { amount, selectedFiles, type Amount } from '../selected-files';
import type { Surroundings } from '../surroundings';
import { estimates, type Estimate } from './estimate';
import { storeWaits, type StoreWait } from './store-waits';

/** What a retrieval would do, and what it depends on. */
export interface PlannedRetrieval {
  readonly order: RetrievalOrder;
  readonly plan: RetrievalPlan;
  /** What has to be fetched, from all stores together. */
  readonly needs: Amount;
  /** Bytes available to Coldroom where OMERO's originals are stored; undefined if this machine does not see them. */
  readonly freeBytes: bigint | undefined;
  readonly estimates: readonly Estimate[];
  readonly waits: readonly StoreWait[];
}

const none: Amount = { files: 0, bytes: 0n };
const plus = (one: Amount, other: Amount): Amount => ({
  files: one.files + other.files,
  bytes: one.bytes + other.bytes,
});
export const longestRecallDays = 3650;

export function restoreOrder(): RetrievalOrder {
  return { way: 'restore', days: 0 };
}

export function recallOrder(days: number): RetrievalOrder {
  if (!Number.isInteger(days) || days < 1 || days > longestRecallDays)
    throw new UsageError(`A recall lasts a whole number of days from 1 to ${longestRecallDays}`);
  return { way: 'recall', days };
}

/** `Refused` `NO_SUCH_TARGET` for an unknown target, `NOT_RECALLABLE` if images open in their store as they are. */
export async function planRetrieval(
  around: Surroundings,
  register: Register,
  targets: readonly Target[],
  order: RetrievalOrder,
): Promise<PlannedRetrieval> {
  await selectedFiles(register, targets, 'filesets');
  return planKnown(around, register, targets, order);
}

/** As `planRetrieval`, for targets that the register is known to have. */
export async function planKnown(
  around: Pick<Surroundings, 'env'>,
  register: Register,
  targets: readonly FilesetTarget[],
  order: RetrievalOrder,
): Promise<PlannedRetrieval> {
  const plan = await retrievalPlan(register, targets, order.way);
  if (order.way === 'recall') await refuseWhereNotRecallable(around, plan);
  return {
    order,
    plan,
    needs: amount(plan.fetch),
    freeBytes: await freeSpace(around),
    estimates: await estimates(register, plan),
    waits: await storeWaits(around, plan),
  };
}

/** What is on its way and not there yet: a recalled file counts as there. */
export async function planCancellation(register: Register, targets: readonly Target[]): Promise<Amount> {
  await selectedFiles(register, targets, 'filesets');
  return underWay(register, targets);
}

/** The same of targets that are known to exist. */
export async function underWay(register: Register, targets: readonly FilesetTarget[]): Promise<Amount> {
  return (await retrievalPlan(register, targets, 'restore')).underWay;
}

/** A restore needs space for everything that it fetches: `Refused` `NOT_ENOUGH_SPACE`. */
export function refuseWithoutSpace({ order, needs, freeBytes }: PlannedRetrieval): void {
  if (order.way === 'restore' && freeBytes !== undefined && needs.bytes > freeBytes)
    throw new Refused(
      'NOT_ENOUGH_SPACE',
      `${formatBytes(needs.bytes)} are to be brought back, but only ${formatBytes(freeBytes)} are free in OMERO's data directory: make room, or bring back fewer images at a time`,
    );
}

async function retrievalPlan(
  register: Register,
  targets: readonly FilesetTarget[],
  way: RetrievalOrder['way'],
): Promise<RetrievalPlan> {
  const plans: RetrievalPlan[] = [];
  for (const target of targets) plans.push(await register.retrievals.plan(target, way));
  const byStore = Map.groupBy(
    plans.flatMap((plan) => plan.fetch),
    ({ store }) => store,
  );
  return {
    fetch: [...byStore].map(([store, some]) => ({ store, ...amount(some) })),
    filesets: plans.reduce((sum, plan) => sum + plan.filesets, 0),
    images: plans.reduce((sum, plan) => sum + plan.images, 0),
    held: plans.map((plan) => plan.held).reduce(plus, none),
    underWay: plans.map((plan) => plan.underWay).reduce(plus, none),
    notArchived: {
      files: plans.reduce((sum, plan) => sum + plan.notArchived.files, 0),
      filesets: plans.reduce((sum, plan) => sum + plan.notArchived.filesets, 0),
      states: [...new Set(plans.flatMap((plan) => plan.notArchived.states))],
    },
  };
}

/** Where this machine knows the stores; otherwise the service that fetches reports the same. */
async function refuseWhereNotRecallable({ env }: Pick<Surroundings, 'env'>, { fetch }: RetrievalPlan): Promise<void> {
  if (env['COLDROOM_STORES'] === undefined) return;
  const settings = await readStores(env['COLDROOM_STORES']);
  const direct = fetch.find(({ store }) => Object.hasOwn(settings.stores, store) && !isRecallable(store, settings));
  if (direct)
    throw new Refused(
      'NOT_RECALLABLE',
      `Links into store ${direct.store} lead to the copies themselves: the images open as they are, there is nothing to recall. "coldroom restore" brings them back to their own paths`,
    );
}

async function freeSpace({ env }: Pick<Surroundings, 'env'>): Promise<bigint | undefined> {
  const directory = env['OMERO_DATA_DIR'];
  if (directory === undefined) return undefined;
  try {
    const { bavail, bsize } = await statfs(directory, { bigint: true });
    return bavail * bsize;
  } catch {
    return undefined; // not mounted here: the services that fetch check for themselves
  }
}
