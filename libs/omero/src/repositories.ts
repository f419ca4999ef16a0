import { Refused } from '@coldroom/domain';
import type { Session } from './session';

export interface Repository {
  readonly uuid: string;
  /** Directory on the server as OMERO knows it, e.g. `/OMERO/ManagedRepository`. */
  readonly place: string;
}

/**
 * OMERO's managed repository: the one named (uuid or path), else the only one called ManagedRepository, else the only
 * one that filesets use. The scripts repository and the data directory are repositories too. `Refused` if more than one
 * is left (`OMERO_REPOSITORY_AMBIGUOUS`) or none (`OMERO_REPOSITORY_UNKNOWN`): a wrong guess would read other people's
 * files.
 */
export async function findManagedRepository(session: Session, named: string | undefined): Promise<Repository> {
  // The hash of such a row is the repository's uuid, not a checksum.
  const all = await session.rows<Repository & { name: string }>(
    "SELECT hash AS uuid, path || name AS place, name FROM originalfile WHERE mimetype = 'Repository' AND repo IS NULL AND hash IS NOT NULL ORDER BY id",
  );
  if (named !== undefined) {
    return only(
      all.filter(({ uuid, place }) => named === uuid || trimmed(named) === trimmed(place)),
      all,
      `${named} is not one of OMERO's repositories`,
    );
  }
  const called = all.filter(({ name }) => name === 'ManagedRepository');
  if (called.length === 1) return only(called, all, '');
  const used = await session.rows<{ uuid: string }>(
    `SELECT uuid FROM unnest($1::text[]) AS uuid
      WHERE EXISTS (SELECT FROM originalfile o JOIN filesetentry e ON e.originalfile = o.id WHERE o.repo = uuid)`,
    [all.map(({ uuid }) => uuid)],
  );
  const candidates = all.filter(({ uuid }) => used.some((row) => row.uuid === uuid));
  return only(candidates, all, 'none is called ManagedRepository and none is used by filesets');
}

function only(candidates: readonly Repository[], all: readonly Repository[], none: string): Repository {
  const [repository, ...others] = candidates;
  const known = all.map(({ uuid, place }) => `${place} (${uuid})`).join(', ') || 'none';
  if (!repository) {
    throw new Refused(
      'OMERO_REPOSITORY_UNKNOWN',
      `OMERO's managed repository was not found: ${none}. Known: ${known}. Name it in the settings.`,
      { known },
    );
  }
  if (others.length > 0) {
    throw new Refused(
      'OMERO_REPOSITORY_AMBIGUOUS',
      `More than one repository could be OMERO's managed one: ${known}. Name one of them in the settings.`,
      { known },
    );
  }
  return { uuid: repository.uuid, place: repository.place };
}

function trimmed(place: string): string {
  return place.replace(/\/+$/, '');
}
