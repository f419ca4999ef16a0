import pg from 'pg';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { asRegisterError } from './failures';

const ours = /^coldroom_drill_\d{8}t\d{6}z(_omero)?$/;

/** `coldroom_drill_20261129t023000z`; with `_omero` at its end for OMERO's database. */
export function scratchName(at: Date, database: 'register' | 'omero'): string {
  const time = `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}z`;
  return `coldroom_drill_${time}${database === 'omero' ? '_omero' : ''}`;
}

/** Databases for drills on a server. Nothing is ever made or dropped whose name is not that of a drill. */
export class ScratchServer {
  constructor(private readonly url: string) {}

  /** An empty database; returns its URL. */
  async create(name: string): Promise<string> {
    await this.query(`CREATE DATABASE ${this.checked(name)} TEMPLATE template0 ENCODING 'UTF8'`);
    return this.urlOf(name);
  }

  urlOf(name: string): string {
    const url = new URL(this.url);
    url.pathname = `/${this.checked(name)}`;
    return url.href;
  }

  /** Ends all connections to it. */
  async drop(name: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${this.checked(name)} WITH (FORCE)`);
  }

  /** Drops what drills that were killed have left; one that is in use belongs to a drill that is running. */
  async dropLeftovers(): Promise<readonly string[]> {
    const found = await this.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'coldroom\\_drill\\_%' ORDER BY datname`,
    );
    const dropped: string[] = [];
    for (const { name } of found) {
      if (!ours.test(name)) continue;
      try {
        await this.query(`DROP DATABASE ${this.checked(name)}`);
        dropped.push(name);
      } catch (error) {
        if (codeOf(error) !== '55006') throw error; // in use
      }
    }
    return dropped;
  }

  /** Whether the database has tables, and how many. */
  async tables(name: string): Promise<number> {
    const [row] = await this.query<{ tables: number }>(
      `SELECT count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`,
      this.urlOf(name),
    );
    return row?.tables ?? 0;
  }

  private checked(name: string): string {
    if (ours.test(name)) return name;
    throw new Refused('DRILL_NAME_NOT_OURS', `"${name}" is not the name of a database for drills; it was left alone`);
  }

  private async query<T extends pg.QueryResultRow>(statement: string, url = this.url): Promise<readonly T[]> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'coldroom drill',
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<T>(statement)).rows;
    } catch (error) {
      if (codeOf(error) === '42501' && /create database/.test(messageOf(error)))
        throw new Refused(
          'DRILL_RIGHTS_MISSING',
          `The role may not create databases on the server for drills. Give it the right (ALTER ROLE ... CREATEDB), or set COLDROOM_DRILL_DATABASE_URL to another server or role`,
          {},
          { cause: error },
        );
      throw asRegisterError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
