import type { OwnerUsage, Usage } from '@coldroom/operations';
import { usageParts, type UsageDay } from '@coldroom/register';
import type { CsvColumn } from '@coldroom/terminal';

/** Sizes are bytes. The names of the columns do not change. */
export const ownerColumns: readonly CsvColumn<OwnerUsage>[] = [
  { name: 'group_id', of: ({ groupId }) => groupId },
  { name: 'group', of: ({ group }) => group },
  { name: 'owner_id', of: ({ ownerId }) => ownerId },
  { name: 'owner', of: ({ owner }) => owner },
  { name: 'full_name', of: ({ fullName }) => fullName },
  ...(['images', 'filesets', 'files', 'bytes'] as const).map((what) => ({
    name: `omero_${what}`,
    of: ({ omero }: OwnerUsage) => omero && omero[what],
  })),
  ...usageParts.flatMap((part) =>
    (['files', 'bytes'] as const).map((what) => ({
      name: `${part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_${what}`,
      of: ({ parts }: OwnerUsage) => parts[part][what],
    })),
  ),
];

export const projectColumns: readonly CsvColumn<Usage['projects'][number]>[] = [
  { name: 'project_id', of: ({ projectId }) => projectId },
  { name: 'project', of: ({ name }) => name },
  { name: 'group_id', of: ({ groupId }) => groupId },
  { name: 'group', of: ({ group }) => group },
  { name: 'owner_id', of: ({ ownerId }) => ownerId },
  { name: 'owner', of: ({ owner }) => owner },
  { name: 'filesets', of: ({ filesets }) => filesets },
  { name: 'bytes', of: ({ bytes }) => bytes },
  { name: 'archived_bytes', of: ({ archivedBytes }) => archivedBytes },
];

export const dayColumns: readonly CsvColumn<UsageDay>[] = [
  { name: 'day', of: ({ day }) => day },
  { name: 'archived_files', of: ({ archivedFiles }) => archivedFiles },
  { name: 'held_bytes', of: ({ heldBytes }) => heldBytes },
  { name: 'freed_bytes', of: ({ freedBytes }) => freedBytes },
  { name: 'omero_bytes', of: ({ omeroBytes }) => omeroBytes },
];
