import type { GroupDay, Register, UsageFilter } from '@coldroom/register';
import type { TableReport } from './table-report';
import { reportTables } from './tables';

/** What has changed in each group since the end of a day, by the totals that the scanner keeps of each day. */
export async function changesByGroup(
  { usage }: Register,
  groups: readonly bigint[] | undefined,
  filter: UsageFilter,
  since: string,
): Promise<TableReport> {
  const before = new Map((await usage.groupDays(groups, since)).map((day) => [day.groupId, day]));
  const now = await usage.groupDays(groups, new Date().toISOString().slice(0, 10));
  const names = await groupNames(usage, filter);
  const unknown = now.filter(({ groupId }) => !before.has(groupId)).length;
  return {
    table: 'usage by group since',
    title: `Usage by group, changes since ${since}`,
    columns: reportTables['usage by group since'],
    rows: (async function* rows() {
      for (const day of now)
        yield {
          group_id: day.groupId,
          group: names.get(day.groupId) ?? `${day.groupId}`,
          ...changes(before.get(day.groupId), day),
        };
    })(),
    notes: [
      'A day has the totals of its last scan; groups count as a whole.',
      ...(unknown > 0
        ? [`For ${unknown} groups nothing is recorded up to that day: all they have counts as new.`]
        : []),
    ],
  };
}

const archived = (day: GroupDay | undefined): bigint => (day ? day.heldBytes + day.freedBytes : 0n);

function changes(before: GroupDay | undefined, now: GroupDay) {
  const omeroBefore = before ? before.omeroBytes : 0n;
  return {
    since: before ? new Date(`${before.day}T00:00:00Z`) : null,
    omero_bytes_change: now.omeroBytes === null || omeroBefore === null ? null : now.omeroBytes - omeroBefore,
    archived_files_change: now.archivedFiles - (before?.archivedFiles ?? 0),
    archived_bytes_change: archived(now) - archived(before),
    freed_bytes_change: now.freedBytes - (before?.freedBytes ?? 0n),
  };
}

async function groupNames(usage: Register['usage'], filter: UsageFilter): Promise<ReadonlyMap<bigint, string>> {
  const rows = [...(await usage.omero.amounts(filter)), ...(await usage.ofFiles(filter))];
  return new Map(rows.map(({ groupId, group }) => [groupId, group]));
}
