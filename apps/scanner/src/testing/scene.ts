import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { OmeroDatabase } from '@coldroom/omero';
import { Originals } from '@coldroom/trees';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register, type FileListing } from '@coldroom/register';
import { buildTinyOmero, createOmeroSchema, markImages, type TinyOmero, type TinyPlan } from '@coldroom/sample-omero';
import { openStores, parseStores, type Stores } from '@coldroom/stores';
import { ServersBioFormats } from '../bio-formats';
import { Closures } from '../closures';
import { KeptMarks } from '../kept-marks';
import { LinkTroubles } from '../link-troubles';
import { Mirror } from '../mirror';
import { Scan } from '../scan';
import { StoreNames } from '../store-names';
import { Starter } from '../starter';
import { WithdrawalMarks } from '../withdrawal-marks';

/** An OMERO, its data directory and a register for one test file, and the scanner's parts on them. */
export class Scene {
  readonly log = new RecordedLog();
  readonly files = new Files({ threads: 1 });
  /** The scanner's settings for Bio-Formats; a change takes effect at once. */
  readonly bioFormats: { setting?: string } = {};
  readonly omero: OmeroDatabase;
  readonly originals: Originals;
  /** Looks for the version each time, as after a restart. */
  readonly troubles = new LinkTroubles({
    get: () => new ServersBioFormats({ ...this.bioFormats, dataDir: this.dataDir }, this.log).get(),
  } as ServersBioFormats);
  readonly dataDir: string;
  readonly register: Register;
  readonly names: StoreNames;
  readonly closures: Closures;
  readonly scan: Scan;
  readonly starter: Starter;
  readonly mirror: Mirror;
  readonly keptMarks: KeptMarks;
  readonly withdrawalMarks: WithdrawalMarks;
  readonly stores: Stores;
  /** As a superuser, without OMERO's triggers and keys: also for rows that no server would write. */
  private readonly pool: pg.Pool;

  private constructor(
    private readonly dir: string,
    readonly omeroUrl: string,
    readonly registerUrl: string,
  ) {
    this.dataDir = join(dir, 'OMERO');
    this.register = new Register(registerUrl);
    this.omero = OmeroDatabase.connect(omeroUrl);
    this.originals = new Originals(this.dataDir);
    this.stores = openStores(
      parseStores({
        default: 'main',
        stores: { main: { kind: 'file', directory: join(dir, 'store'), sameFileSystem: true } },
      }),
      { files: this.files, omeroRoots: [] },
    );
    this.names = new StoreNames(this.register, this.stores);
    this.closures = new Closures(this.omero, this.register, this.files, this.originals, this.troubles, this.names);
    this.scan = new Scan(this.omero, this.register, this.closures);
    this.starter = new Starter(this.register, this.closures, this.stores, this.log);
    this.mirror = new Mirror(this.omero, this.register, this.log);
    this.keptMarks = new KeptMarks(this.omero, this.register, this.log);
    this.withdrawalMarks = new WithdrawalMarks(this.omero, this.register, this.mirror, this.log);
    const types = new pg.TypeOverrides();
    types.setTypeParser(20, (text: string) => BigInt(text));
    this.pool = new pg.Pool({
      connectionString: omeroUrl,
      types,
      max: 1,
      options: '-c session_replication_role=replica',
    });
  }

  static async create(name: string): Promise<Scene> {
    const admin = process.env['TEST_POSTGRES_URL'] as string;
    const omeroUrl = await createDatabase(admin, `scanner_omero_${name}`, { existing: 'drop' });
    const registerUrl = await createDatabase(admin, `scanner_register_${name}`, { existing: 'drop' });
    await createOmeroSchema(omeroUrl);
    await migrate(registerUrl);
    const dir = await mkdtemp(join(tmpdir(), 'coldroom-scanner-'));
    const scene = new Scene(dir, omeroUrl, registerUrl);
    for (const root of ['ManagedRepository', 'Pixels', 'Files'])
      await mkdir(join(scene.dataDir, root), { recursive: true });
    for (const root of ['ManagedRepository', 'Pixels', 'Files']) await writeMarker(join(scene.dataDir, root), root);
    return scene;
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.files.close();
    await this.omero.close();
    await this.register.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Imports filesets as `alice` (or another user), marked by their owner unless specified otherwise. */
  async add(
    filesets: TinyPlan['filesets'],
    change: { readonly mark?: boolean; readonly omename?: string } = {},
  ): Promise<TinyOmero> {
    return buildTinyOmero({ databaseUrl: this.omeroUrl, dataDir: this.dataDir, filesets, mark: true, ...change });
  }

  async mark(imageIds: readonly number[], requesterId: number): Promise<void> {
    await markImages(this.omeroUrl, imageIds, requesterId);
  }

  async sql<Row extends pg.QueryResultRow>(
    statement: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    return (await this.pool.query<Row>(statement, [...values])).rows;
  }

  /** Inserts a row under a new id, with the columns that nearly all of OMERO's tables have. */
  async row(table: string, values: Readonly<Record<string, unknown>>): Promise<bigint> {
    const [next] = await this.sql<{ id: bigint }>(`SELECT ome_nextval('seq_${table}') AS id`);
    const all = {
      version: 0,
      permissions: -40,
      creation_id: 0,
      update_id: 0,
      owner_id: 0,
      group_id: 0,
      ...values,
      id: next!.id,
    };
    await this.sql(
      `INSERT INTO ${table} (${Object.keys(all).join(', ')}) VALUES (${Object.keys(all)
        .map((_, index) => `$${index + 1}`)
        .join(', ')})`,
      Object.values(all),
    );
    return next!.id;
  }

  /** The names of our annotations on an image, sorted. */
  async marksOf(imageId: number | bigint): Promise<readonly string[]> {
    return (
      await this.sql<{ name: string }>(
        `SELECT a.name FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE l.parent = $1 AND a.ns = 'archiving' ORDER BY a.name`,
        [imageId],
      )
    ).map(({ name }) => name);
  }

  /** Every file of the register, by the last part of its path. */
  async filesByName(): Promise<ReadonlyMap<string, FileListing>> {
    return new Map(
      (await this.register.reports.files({ limit: 100_000 })).map((file) => [
        file.path.slice(file.path.lastIndexOf('/') + 1),
        file,
      ]),
    );
  }

  /** The store's directory, created and marked at the first call. */
  async storeDirectory(): Promise<string> {
    const directory = join(this.dir, 'store');
    if (!existsSync(directory)) {
      await mkdir(directory);
      await writeMarker(directory, 'main');
    }
    return directory;
  }
}
