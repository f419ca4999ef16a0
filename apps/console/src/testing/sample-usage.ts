import type { OmeroAmount, OmeroAmounts, ProjectAmount } from '@coldroom/register';
import { people } from './running-console';
import { groups } from './sample-people';

const GiB = 1n << 30n;

const amount = (
  ownerId: bigint,
  year: number,
  [sizeClass, filesets, bytes]: readonly [number, bigint, bigint],
  archived: Partial<Pick<OmeroAmount, 'archivedFilesets' | 'archivedBytes'>> = {},
): OmeroAmount => ({
  groupId: ownerId === people.olga ? groups.microscopy : groups.biology,
  ownerId,
  year,
  sizeClass,
  images: filesets * 12n,
  filesets,
  files: filesets * 4n,
  bytes,
  archivedFilesets: 0n,
  archivedBytes: 0n,
  ...archived,
});

const project = (projectId: bigint, name: string, bytes: bigint, archivedBytes: bigint): ProjectAmount => ({
  projectId,
  groupId: groups.biology,
  ownerId: people.alice,
  name,
  filesets: 40n,
  bytes,
  archivedBytes,
});

/** What the scanner would have read of an OMERO in which the sample requests are. */
export const sampleOmeroUsage: OmeroAmounts = {
  filesets: [
    amount(people.alice, 2019, [0, 812n, 204n * GiB]),
    amount(people.alice, 2022, [3, 3n, 1236n * GiB], { archivedFilesets: 1n, archivedBytes: 412n * GiB }),
    amount(people.alice, 2023, [1, 260n, 1040n * GiB]),
    amount(people.alice, 2024, [3, 11n, 3100n * GiB]),
    amount(people.lea, 2025, [2, 44n, 1320n * GiB]),
    amount(people.olga, 2021, [1, 90n, 270n * GiB], { archivedFilesets: 1n, archivedBytes: 3n * GiB }),
    amount(people.olga, 2023, [2, 5n, 720n * GiB]),
    amount(people.olga, 2026, [0, 2100n, 380n * GiB]),
  ],
  projects: [project(51n, 'Wound healing', 3100n * GiB, 0n), project(52n, 'Embryo series', 1236n * GiB, 412n * GiB)],
};
