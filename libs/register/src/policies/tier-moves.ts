import type pg from 'pg';

/** Which bags a rule moves. */
export interface TierRule {
  readonly policy: string;
  readonly from: string;
  /** Since the bag was sealed in that store. */
  readonly afterDays: number;
  readonly groups?: readonly string[] | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly notGroups?: readonly string[] | undefined;
  readonly notOwners?: readonly string[] | undefined;
}

/** A bag that has been in its store for long enough. */
export interface DueBagToMove {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly bytes: bigint;
}

/** Moves of bags that rules request; the move itself is the same as that of a person. */
export class TierMoves {
  constructor(private readonly pool: pg.Pool) {}

  /** Those that rest in the store and whose time is over, the oldest first. `now` is for tests. */
  async due(rule: TierRule, limit: number, now: Date | null = null): Promise<readonly DueBagToMove[]> {
    const { rows } = await this.pool.query<DueBagToMove>(
      `SELECT b.id, b.request_id AS "requestId", b.bytes FROM bag b JOIN request r ON r.id = b.request_id
       WHERE b.store = $1 AND b.moving_to IS NULL AND b.sealed_at < coalesce($8::timestamptz, now()) - $2 * interval '1 day'
         AND ($4::text[] IS NULL OR r.group_name = ANY($4)) AND ($5::text[] IS NULL OR r.owner = ANY($5))
         AND r.group_name <> ALL(coalesce($6::text[], '{}')) AND r.owner <> ALL(coalesce($7::text[], '{}'))
         AND EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND f.phase NOT IN ('skipped', 'given up', 'restored'))
         AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND f.phase NOT IN ('skipped', 'given up', 'restored')
           AND NOT (f.state = 'released' OR (f.state = 'linked' AND f.retrieval IS NULL)))
       ORDER BY b.sealed_at, b.id LIMIT $3`,
      [rule.from, rule.afterDays, limit, rule.groups, rule.owners, rule.notGroups, rule.notOwners, now],
    );
    return rows;
  }

  /** What this rule moved in the last 24 hours, in bytes. */
  async bytesToday(policy: string): Promise<bigint> {
    const { rows } = await this.pool.query<{ bytes: bigint }>(
      `SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM policy_move WHERE policy = $1 AND at > now() - interval '1 day'`,
      [policy],
    );
    return (rows[0] as { bytes: bigint }).bytes;
  }

  async moved(policy: string, bags: readonly DueBagToMove[]): Promise<void> {
    await this.pool.query(
      'INSERT INTO policy_move (policy, bag_id, bytes) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[])',
      [policy, bags.map(({ id }) => id), bags.map(({ bytes }) => bytes)],
    );
  }
}
