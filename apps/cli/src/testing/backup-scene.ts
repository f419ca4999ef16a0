import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase, debianPostgres, removeServerData, startPostgres, type LocalServer } from '@coldroom/local';
import { writeMarker } from '@coldroom/files';
import { migrate } from '@coldroom/register';

const found = debianPostgres();
if (found.missing !== undefined) process.stderr.write(`SKIPPED: backups with real pg_dump: ${found.missing}\n`);

/** `describe` where pg_dump is installed, else `describe.skip`, which was reported. */
export const describeBackups = found.missing === undefined ? describe : describe.skip;

const quick = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '64MB' };

/** A PostgreSQL with its own pg_dump, and directories for backups. */
export class BackupScene {
  private runs = 0;

  private constructor(
    readonly dir: string,
    readonly server: LocalServer,
  ) {}

  static async start(): Promise<BackupScene> {
    if (found.missing !== undefined) throw new Error(found.missing);
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-backup-'));
    chmodSync(dir, 0o755);
    return new BackupScene(dir, await startPostgres({ dir, settings: quick, binaries: found.native }));
  }

  /** The PostgreSQL that npm installed, which may be newer than pg_dump. */
  static async npmServer(): Promise<Pick<LocalServer, 'url' | 'stop'>> {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-backup-'));
    chmodSync(dir, 0o755);
    const server = await startPostgres({ dir, settings: quick });
    const stop = async (): Promise<void> => {
      await server.stop();
      removeServerData(dir);
    };
    return { url: server.url, stop };
  }

  async stop(): Promise<void> {
    await this.server.stop();
    removeServerData(this.dir);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** An empty database. */
  async database(name = `db${(this.runs += 1)}`): Promise<string> {
    return createDatabase(this.server.url, name, { existing: 'drop' });
  }

  /** A register of this version, without content. */
  async register(): Promise<string> {
    const url = await this.database();
    await migrate(url);
    return url;
  }

  /** A directory that is prepared for backups. */
  async place(name = `place${(this.runs += 1)}`): Promise<string> {
    const path = join(this.dir, name);
    mkdirSync(path);
    await writeMarker(path, 'backup');
    return path;
  }

  async sql(url: string, statement: string, values: readonly unknown[] = []): Promise<readonly pg.QueryResultRow[]> {
    const client = new pg.Client({ connectionString: url, options: '-c search_path=coldroom,public' });
    await client.connect();
    try {
      return (await client.query(statement, [...values])).rows;
    } finally {
      await client.end();
    }
  }
}

/** What is in a place besides its marker and the id of its register. */
export const namesIn = (place: string): readonly string[] =>
  readdirSync(place)
    .filter((name) => !['.coldroom-root', '.coldroom-register'].includes(name))
    .sort();

/** Dumps whose checksums are right. */
export function goodIn(place: string): readonly string[] {
  return namesIn(place).filter((name) => {
    const checksum = join(place, `${name}.sha256`);
    if (!/\.dump(\.age|\.gpg)?$/.test(name) || !existsSync(checksum)) return false;
    const sha256 = createHash('sha256')
      .update(readFileSync(join(place, name)))
      .digest('hex');
    return readFileSync(checksum, 'utf8') === `${sha256}  ${name}\n`;
  });
}
