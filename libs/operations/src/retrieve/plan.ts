import { statfs } from 'node:fs/promises';
import type { Retrieval } from '@coldroom/domain';
import type { Register, RetrievalPlan, Target } from '@coldroom/register';
import { readStores } from '@coldroom/stores';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import type { Surroundings } from '../surroundings';
import type { Amount } from '../selected-files';

export type Plan = RetrievalPlan;

const none: Amount = { files: 0, bytes: 0n };
const plus = (one: Amount, other: Amount): Amount => ({
  files: one.files + other.files,
  bytes: one.bytes + other.bytes,
});

/** Summary of what retrieving all of these would mean. */
export async function retrievalPlan(register: Register, targets: readonly Target[], way: Retrieval): Promise<Plan> {
  const plans: Plan[] = [];
  for (const target of targets) plans.push(await register.retrievals.plan(target, way));
  const byStore = Map.groupBy(
    plans.flatMap((plan) => plan.fetch),
    ({ store }) => store,
  );
  return {
    fetch: [...byStore].map(([store, some]) => ({ store, ...some.reduce<Amount>(plus, none) })),
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

/** What has to be fetched, from all stores together. */
export function needsOf(plan: Plan): Amount {
  return plan.fetch.reduce<Amount>(plus, none);
}

/** Bytes available to Coldroom where OMERO's originals are stored; undefined if this machine does not see them. */
export async function freeSpace(context: Surroundings): Promise<bigint | undefined> {
  const directory = context.env['OMERO_DATA_DIR'];
  if (directory === undefined) return undefined;
  try {
    const { bavail, bsize } = await statfs(directory, { bigint: true });
    return bavail * bsize;
  } catch {
    return undefined; // not mounted here: the services that fetch check for themselves
  }
}

/** How long archive classes take by tier, as AWS documents it (S3 User Guide, "Archive retrieval options"). */
const retrieval: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GLACIER: { Expedited: '1 to 5 minutes', Standard: '3 to 5 hours', Bulk: '5 to 12 hours' },
  DEEP_ARCHIVE: { Standard: 'up to 12 hours', Bulk: 'up to 48 hours' },
};

/** The wait before cold copies can be fetched; nothing if this machine does not know the stores. */
export async function coldLines(context: Surroundings, plan: Plan): Promise<readonly string[]> {
  const path = context.env['COLDROOM_STORES'];
  if (path === undefined) return [];
  const { stores } = await readStores(path);
  return plan.fetch.flatMap(({ store: name }) => {
    const store = stores[name];
    if (store?.kind === 'arkivum')
      return [`Store ${name}: copies that the appliance has on tape only are brought online first`];
    if (store?.kind !== 's3') return [];
    const wait = retrieval[store.storageClass ?? '']?.[store.restoreTier];
    return wait === undefined
      ? []
      : [
          `Store ${name} keeps them in ${store.storageClass}: asked for by tier ${store.restoreTier}, ${wait} before they can be fetched`,
        ];
  });
}

export function retrievalPlanLines(plan: Plan, way: Retrieval, free: bigint | undefined): readonly string[] {
  const need = needsOf(plan);
  const lines = [
    ...plan.fetch.map(
      ({ store, files, bytes }) => `To fetch from store ${store}: ${counted(files, 'file')}, ${formatBytes(bytes)}`,
    ),
    ...(plan.held.files > 0
      ? [
          `Originals that are still held, put back at once without fetching: ${counted(plan.held.files, 'file')}, ${formatBytes(plan.held.bytes)}`,
        ]
      : []),
    ...(plan.filesets > 0
      ? [
          `Images that come back: ${formatCount(plan.images)}, also those that you did not name but that share files with them (${counted(plan.filesets, 'fileset')})`,
        ]
      : []),
    ...(way === 'restore' && free !== undefined && need.files > 0
      ? [
          `Free in OMERO's data directory: ${formatBytes(free)}${free < need.bytes ? ', which is NOT ENOUGH' : ', which is enough'}`,
        ]
      : []),
    ...(plan.underWay.files > 0
      ? [
          `${way === 'recall' ? 'Near or on their way' : 'On their retrieval'} already: ${counted(plan.underWay.files, 'file')}, ${formatBytes(plan.underWay.bytes)}`,
        ]
      : []),
    ...(plan.notArchived.files > 0
      ? [
          `Not brought back: ${counted(plan.notArchived.files, 'file')} of ${counted(plan.notArchived.filesets, 'fileset')} that are not archived as a whole (their files are: ${plan.notArchived.states.join(', ')})`,
        ]
      : []),
  ];
  return lines.length > 0 ? lines : ['There is nothing to bring back.'];
}
