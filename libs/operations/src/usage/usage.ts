import type {
  OmeroAmount,
  OmeroRead,
  ProjectAmount,
  StorePrice,
  UsageDay,
  UsageFilter,
  UsageOwner,
} from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { visibleTo } from '../rights/rights';
import { byStore, costOf, type StoreUsage, type YearlyCost } from './costs';
import { byGroup, byOwner, lineOf, total, type GroupUsage, type OwnerUsage, type UsageLine } from './lines';

/** Filesets in OMERO that are not archived. */
export interface Candidates {
  readonly year: number;
  /** As in the register: the filesets are below 1, 10 or 100 GiB, or larger. */
  readonly sizeClass: number;
  readonly filesets: bigint;
  readonly bytes: bigint;
}

/** How much is in OMERO and in the archive, as far as the actor may see it. */
export interface Usage {
  readonly totals: UsageLine;
  readonly groups: readonly GroupUsage[];
  readonly owners: readonly OwnerUsage[];
  readonly stores: readonly StoreUsage[];
  /** What the space freed in OMERO would cost in a year; null where no price is known. */
  readonly saved: YearlyCost | null;
  /** By year of import, the oldest first, and size; null if the scanner never read them. */
  readonly candidates: readonly Candidates[] | null;
  /** The largest. */
  readonly projects: readonly (ProjectAmount & UsageOwner)[];
  readonly omeroRead: OmeroRead;
}

export type UsageChoice = Omit<UsageFilter, 'visibleTo'>;

const projectLimit = 100;

/** Everyone sees usage: of their own, of the groups they lead, or of all. */
export async function usageFor(
  { register, actor, policy }: Reviewer,
  choice: UsageChoice = {},
  omeroPrice?: StorePrice,
): Promise<Usage> {
  const filter: UsageFilter = { ...choice, visibleTo: visibleTo(actor, policy, 'seeUsage') };
  const { usage, storeHealth } = register;
  const omeroRead = await usage.omero.lastRead();
  const files = await usage.ofFiles(filter);
  const omero = omeroRead.readAt && (await usage.omero.amounts(filter));
  const rows = { files, omero };
  const totals = lineOf(rows);
  return {
    totals,
    groups: byGroup(rows),
    owners: byOwner(rows),
    stores: byStore(files, await storeHealth.list()),
    saved: omeroPrice ? costOf(totals.parts.freed.bytes, omeroPrice) : null,
    candidates: omero && candidatesAmong(omero),
    projects: await usage.omero.projects(filter, projectLimit),
    // Others cannot grant a right.
    omeroRead:
      filter.visibleTo && omeroRead.failed !== null
        ? { ...omeroRead, failed: 'The next scan tries again.' }
        : omeroRead,
  };
}

function candidatesAmong(rows: readonly OmeroAmount[]): readonly Candidates[] {
  return [...Map.groupBy(rows, ({ year, sizeClass }) => year * 10 + sizeClass)]
    .toSorted(([one], [other]) => one - other)
    .map(([, of]) => ({
      year: of[0]!.year,
      sizeClass: of[0]!.sizeClass,
      filesets: total(of, 'filesets') - total(of, 'archivedFilesets'),
      bytes: total(of, 'bytes') - total(of, 'archivedBytes'),
    }))
    .filter(({ filesets }) => filesets > 0n);
}

/** All projects, the largest first. */
export async function projectsFor(
  { register, actor, policy }: Reviewer,
  choice: UsageChoice = {},
): Promise<Usage['projects']> {
  return register.usage.omero.projects({ ...choice, visibleTo: visibleTo(actor, policy, 'seeUsage') });
}

const shownYears = 2;

/** By day, oldest first; groups are recorded as a whole, so there is none of a single owner. */
export async function usageDaysFor(
  { register, actor, policy }: Reviewer,
  { groupId, ownerId }: UsageChoice = {},
): Promise<readonly UsageDay[]> {
  const visible = visibleTo(actor, policy, 'seeUsage');
  if (ownerId !== undefined) return [];
  const since = new Date();
  since.setUTCFullYear(since.getUTCFullYear() - shownYears);
  const groups =
    groupId === undefined ? visible?.groupIds : [groupId].filter((id) => visible?.groupIds.includes(id) ?? true);
  return register.usage.days(groups, since);
}
