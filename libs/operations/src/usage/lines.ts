import { usageParts, type OmeroAmount, type UsageOwner, type UsagePart, type UsageRow } from '@coldroom/register';

export interface FilesAndBytes {
  readonly files: number;
  readonly bytes: bigint;
}

/** Filesets in OMERO, archived or not. */
export interface InOmero {
  readonly images: bigint;
  readonly filesets: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** How much someone has. */
export interface UsageLine {
  /** Each file of the register is in exactly one of them. */
  readonly parts: Readonly<Record<UsagePart, FilesAndBytes>>;
  /** Null if the scanner never read it. */
  readonly omero: InOmero | null;
}

export type GroupUsage = UsageLine & Pick<UsageOwner, 'groupId' | 'group'>;
export type OwnerUsage = UsageLine & UsageOwner;

export interface UsageRows {
  readonly files: readonly UsageRow[];
  /** Null if the scanner never read it. */
  readonly omero: readonly (OmeroAmount & UsageOwner)[] | null;
}

export function lineOf({ files, omero }: UsageRows): UsageLine {
  const parts = Object.fromEntries(usageParts.map((part) => [part, added(files.filter((row) => row.part === part))]));
  return {
    parts: parts as Record<UsagePart, FilesAndBytes>,
    omero: omero && {
      images: total(omero, 'images'),
      filesets: total(omero, 'filesets'),
      files: total(omero, 'files'),
      bytes: total(omero, 'bytes'),
    },
  };
}

/** By group, the largest first. */
export function byGroup(rows: UsageRows): readonly GroupUsage[] {
  return grouped(rows, ({ groupId }) => `${groupId}`).map(([{ groupId, group }, line]) => ({
    groupId,
    group,
    ...line,
  }));
}

/** By group and owner, the largest first. */
export function byOwner(rows: UsageRows): readonly OwnerUsage[] {
  return grouped(rows, ({ groupId, ownerId }) => `${groupId} ${ownerId}`).map(
    ([{ groupId, group, ownerId, owner, fullName }, line]) => ({ groupId, group, ownerId, owner, fullName, ...line }),
  );
}

function grouped({ files, omero }: UsageRows, keyOf: (row: UsageOwner) => string): readonly [UsageOwner, UsageLine][] {
  const [ofFiles, ofOmero] = [Map.groupBy(files, keyOf), Map.groupBy(omero ?? [], keyOf)];
  return [...new Set([...ofFiles.keys(), ...ofOmero.keys()])]
    .map((key): [UsageOwner, UsageLine] => {
      const [rows, inOmero] = [ofFiles.get(key) ?? [], ofOmero.get(key) ?? []];
      return [(rows[0] ?? inOmero[0]) as UsageOwner, lineOf({ files: rows, omero: omero && inOmero })];
    })
    .sort(([, one], [, other]) => Number(weight(other) - weight(one)));
}

function weight({ parts, omero }: UsageLine): bigint {
  return (omero?.bytes ?? 0n) + Object.values(parts).reduce((sum, { bytes }) => sum + bytes, 0n);
}

export function added(rows: readonly FilesAndBytes[]): FilesAndBytes {
  return {
    files: rows.reduce((sum, { files }) => sum + files, 0),
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0n),
  };
}

export function total<Key extends string>(rows: readonly Readonly<Record<Key, bigint>>[], key: Key): bigint {
  return rows.reduce((sum, row) => sum + row[key], 0n);
}
