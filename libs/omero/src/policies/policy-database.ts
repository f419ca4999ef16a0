import type pg from 'pg';
import { codeOf, Refused } from '@coldroom/domain';
import { inTransaction, openPool, readInTransaction, type ConnectionOptions } from '../connection';
import { keptAmong, readCandidates, type Candidate } from './candidates';
import type { Selection } from './conditions';
import { explainImage, type Explanation } from './explain';

const limitMs = 300_000;

/**
 * What policies read in OMERO's database. Its role has the rights of docs/omero-policies-grants.sql and changes nothing.
 * Methods throw as those of `OmeroDatabase` do; `Refused` `OMERO_POLICY_RIGHTS_MISSING` where that file was not run.
 */
export class PolicyDatabase {
  private constructor(private readonly pool: pg.Pool) {}

  /** Does not open a connection yet. */
  static connect(url: string, options: ConnectionOptions = {}): PolicyDatabase {
    return new PolicyDatabase(openPool(url, options));
  }

  /** See `readCandidates`. Ages are those of the moment `now`. Holds a connection until the loop ends. */
  async *candidates(selection: Selection, now: Date): AsyncGenerator<Candidate> {
    try {
      yield* readInTransaction(this.pool, (session) => readCandidates(session, selection, now, limitMs));
    } catch (error) {
      throw named(error);
    }
  }

  /** See `explainImage`. */
  async explain(selection: Selection, imageId: bigint, now: Date): Promise<Explanation | undefined> {
    return this.read((session) => explainImage(session, selection, imageId, now));
  }

  /** Those of these images that have a mark KEEP now. */
  async keptAmong(imageIds: readonly bigint[]): Promise<ReadonlySet<bigint>> {
    return this.read((session) => keptAmong(session, imageIds));
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async read<T>(work: Parameters<typeof inTransaction<T>>[2]): Promise<T> {
    try {
      return await inTransaction(this.pool, 'read', work);
    } catch (error) {
      throw named(error);
    }
  }
}

function named(error: unknown): unknown {
  if (codeOf(error) !== 'OMERO_RIGHTS_MISSING') return error;
  return new Refused(
    'OMERO_POLICY_RIGHTS_MISSING',
    "The role of policies lacks a right on OMERO's database. Run docs/omero-policies-grants.sql there.",
    {},
    { cause: error },
  );
}
