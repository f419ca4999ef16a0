import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { OmeroDatabase } from '@coldroom/omero';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register } from '@coldroom/register';
import { buildSampleOmero, type SampleReport } from '@coldroom/sample-omero';
import { Originals } from '@coldroom/trees';
import { ImageAnswers } from '../image-answers';
import { Pace } from '../rounds';
import { UsageDetails } from '../usage-details';
import { UsageRecord } from '../usage-record';

/** The sample OMERO with all its special cases, and what the scanner reads of it for reports. */
export class SampleScene {
  readonly log = new RecordedLog();
  readonly files = new Files({ threads: 1 });
  readonly omero: OmeroDatabase;
  readonly originals: Originals;
  readonly usage: UsageRecord;
  readonly details: UsageDetails;
  readonly answers: ImageAnswers;
  private readonly pool: pg.Pool;

  private constructor(
    private readonly dir: string,
    omeroUrl: string,
    private readonly registerUrl: string,
    readonly register: Register,
    readonly sample: SampleReport,
  ) {
    this.omero = OmeroDatabase.connect(omeroUrl);
    this.originals = new Originals(sample.dataDir);
    this.usage = new UsageRecord(this.omero, register, this.log);
    const pace = new Pace(60_000, 1000);
    this.details = new UsageDetails(this.omero, register, this.files, this.originals, pace, this.log);
    this.answers = new ImageAnswers(this.omero, register, this.files, this.originals, this.log);
    this.pool = new pg.Pool({ connectionString: omeroUrl, max: 1, options: '-c session_replication_role=replica' });
  }

  static async create(name: string): Promise<SampleScene> {
    const admin = process.env['TEST_POSTGRES_URL'] as string;
    const omeroUrl = await createDatabase(admin, `sample_omero_${name}`, { existing: 'drop' });
    const registerUrl = await createDatabase(admin, `sample_register_${name}`, { existing: 'drop' });
    await migrate(registerUrl);
    const dir = await mkdtemp(join(tmpdir(), 'coldroom-reports-'));
    const dataDir = join(dir, 'OMERO');
    const sample = await buildSampleOmero({ databaseUrl: omeroUrl, dataDir, images: 12, fileSize: 2000 });
    for (const root of ['ManagedRepository', 'Pixels', 'Files']) await writeMarker(join(dataDir, root), root);
    return new SampleScene(dir, omeroUrl, registerUrl, new Register(registerUrl), sample);
  }

  /** The one number that a query on OMERO's database gives. */
  async number(sql: string, values: readonly unknown[] = []): Promise<bigint> {
    const { rows } = await this.pool.query<{ n: string }>(`SELECT (${sql})::bigint AS n`, [...values]);
    return BigInt(rows[0]?.n ?? -1);
  }

  async texts(sql: string): Promise<readonly string[]> {
    return (await this.pool.query<{ t: string }>(`SELECT t FROM (${sql}) AS x(t)`)).rows.map(({ t }) => t);
  }

  async change(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.pool.query(sql, [...values]);
  }

  /** What du says of these files below the data directory; links count as what they lead to. */
  du(paths: readonly string[]): bigint {
    if (paths.length === 0) return 0n;
    const input = paths.map((path) => `${join(this.sample.dataDir, path)}\0`).join('');
    const said = execFileSync('du', ['-Lbc', '--files0-from=-'], { input, encoding: 'utf8' });
    return BigInt(/^(\d+)\ttotal$/m.exec(said)?.[1] ?? -1);
  }

  /** As if these images had been archived, and their marks written. */
  async archivedImages(ids: readonly bigint[]): Promise<void> {
    const draft = { ownerId: 4n, owner: 'ada', groupId: 3n, group: 'lab', requesterId: 4n, requester: 'ada' };
    const images = ids.map((imageId) => ({ imageId, name: `${imageId}`, fileset: `Fileset:${imageId}`, marked: true }));
    await this.register.requests.create(draft, { images: once(images), files: once([]) }, 'test');
    const client = new pg.Client({ connectionString: this.registerUrl });
    await client.connect();
    await client.query(`UPDATE coldroom.request_image SET mark_wanted = 'archived', mark_written = 'archived'`);
    await client.end();
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.files.close();
    await this.omero.close();
    await this.register.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function* once<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  if (items.length > 0) yield items;
}
