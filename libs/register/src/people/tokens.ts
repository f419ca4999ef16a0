import type pg from 'pg';
import { codeOf, Refused } from '@coldroom/domain';

export interface Token {
  readonly id: bigint;
  readonly name: string;
  readonly role: string;
  /** Of a workstation: where it may upload to, and for whom (OMERO logins). Null for all other roles. */
  readonly buffer: string | null;
  readonly people: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface NewToken {
  readonly name: string;
  readonly role: string;
  readonly workstation?: { readonly buffer: string; readonly people: readonly string[] } | undefined;
  /** Of the token itself, which the register never sees. */
  readonly hash: Buffer;
  readonly days: number;
  readonly by: string;
}

const uniqueViolation = '23505';
const columns = `id, name, role, buffer, people, created_by AS "createdBy", created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

/** Access tokens with which machines use the REST API. */
export class Tokens {
  constructor(private readonly pool: pg.Pool) {}

  /** `Refused` `TOKEN_EXISTS` if a token of this name was not revoked. */
  async create({ name, role, workstation, hash, days, by }: NewToken): Promise<Token> {
    try {
      const { rows } = await this.pool.query<Token>(
        `INSERT INTO token (name, role, hash, created_by, expires_at, buffer, people)
         VALUES ($1, $2, $3, $4, now() + $5 * interval '1 day', $6, $7)
         RETURNING ${columns}`,
        [name, role, hash, by, days, workstation?.buffer, workstation?.people],
      );
      return rows[0] as Token;
    } catch (error) {
      if (codeOf(error) === uniqueViolation)
        throw new Refused(
          'TOKEN_EXISTS',
          `There is a token "${name}" already; revoke it first, or choose another name.`,
        );
      throw error;
    }
  }

  /** The token with this hash, if it can be used now; records the use. */
  async use(hash: Buffer): Promise<Token | undefined> {
    const { rows } = await this.pool.query<Token>(
      `UPDATE token SET last_used_at = now() WHERE hash = $1 AND revoked_at IS NULL AND expires_at > now() RETURNING ${columns}`,
      [hash],
    );
    return rows[0];
  }

  async list(): Promise<readonly Token[]> {
    const { rows } = await this.pool.query<Token>(`SELECT ${columns} FROM token ORDER BY id`);
    return rows;
  }

  /** From now on the token is refused. False if there is no token of this name, or it was revoked before. */
  async revoke(name: string, by: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      'UPDATE token SET revoked_at = now(), revoked_by = $2 WHERE name = $1 AND revoked_at IS NULL',
      [name, by],
    );
    return rowCount === 1;
  }
}
