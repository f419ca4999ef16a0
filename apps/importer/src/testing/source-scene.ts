import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import type { ImportState, InOmero, TransferMode, Work } from '@coldroom/domain';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import type { StageWork } from '@coldroom/pipeline';
import {
  migrate,
  Register,
  type ImportClaim,
  type ImportOrder,
  type NewImportOrder,
  type OrderedFile,
} from '@coldroom/register';
import { DigestStage } from '../source/digest.stage';
import { EmptyStage } from '../source/empty.stage';
import type { LookInOmero } from '../source/in-omero';
import { LockStage } from '../source/lock.stage';
import type { SourceOptions } from '../source/options';
import { SourcePlaces } from '../source/places';
import { ReleaseStage } from '../source/release.stage';
import { SettleStage } from '../source/settle.stage';
import { SyncStage } from '../source/sync.stage';
import { UnlockStage } from '../source/unlock.stage';
import type { ImportStage } from '../stage';
import { readInRepository } from './repository-look';

export const stageWork = (signal: AbortSignal = new AbortController().signal): StageWork => ({
  signal,
  deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
  progress: () => undefined,
  check: () => signal.throwIfAborted(),
});

export interface Stages {
  readonly settle: SettleStage;
  readonly lock: LockStage;
  readonly digest: DigestStage;
  readonly sync: SyncStage;
  readonly unlock: UnlockStage;
  readonly release: ReleaseStage;
  readonly empty: EmptyStage;
}

export function stagesOf(
  files: Files,
  register: Register,
  imports: Imports,
  look: LookInOmero,
  options: SourceOptions,
): Stages {
  const places = new SourcePlaces(imports);
  return {
    settle: new SettleStage(files, register, places, options),
    lock: new LockStage(files, register, places),
    digest: new DigestStage(files, register, places),
    sync: new SyncStage(files, register, places),
    unlock: new UnlockStage(files, register, places, look),
    release: new ReleaseStage(files, register, places),
    empty: new EmptyStage(files, register, places, look, options),
  };
}

/** Runs a stage on an order under a claim, which is given back if the stage fails. */
export async function runStage(
  register: Register,
  stage: ImportStage,
  id: bigint,
  signal?: AbortSignal,
): Promise<void> {
  const claim = await register.imports.claims.claim(id, stage.takes, 'a worker', 60_000);
  if (!claim) throw new Error(`order ${id} cannot be claimed for ${stage.name}`);
  try {
    await stage.run(claim, stageWork(signal));
  } catch (error) {
    await register.imports.claims.release(claim);
    throw error;
  }
}

/** A buffer, a directory that stands for OMERO's repository, and a register. */
export class SourceScene {
  readonly dir = mkdtempSync(join(tmpdir(), 'coldroom-source-'));
  readonly buffer = join(this.dir, 'buffer');
  readonly repository = join(this.dir, 'repository');
  readonly files = new Files({ threads: 1 });
  stopped = false;
  /** Called after OMERO was asked for a file. */
  afterLook: (path: Buffer) => void = () => undefined;
  private settings: object = {};

  private constructor(
    readonly url: string,
    readonly register: Register,
    readonly sql: pg.Pool,
  ) {}

  static async make(): Promise<SourceScene> {
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `source_${randomUUID()}`);
    await migrate(url);
    const sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
    const scene = new SourceScene(url, new Register(url), sql);
    mkdirSync(scene.buffer);
    mkdirSync(scene.repository);
    await writeMarker(scene.buffer, bufferMarker('main'));
    return scene;
  }

  async close(): Promise<void> {
    await this.files.close();
    await this.sql.end();
    await this.register.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Settings of the buffer. */
  configure(settings: object): void {
    this.settings = settings;
  }

  get stages(): Stages {
    return stagesOf(
      this.files,
      this.register,
      new Imports(this.importsSettings(), '/nowhere'),
      (order, file, work) => this.inOmero(order, file, work),
      { stableMs: 0, removalStopped: async () => this.stopped },
    );
  }

  importsSettings(): ReturnType<typeof parseImports> {
    return parseImports({ buffers: { main: { directory: this.buffer, ...this.settings } } });
  }

  /** What a stage of the importer left behind that was killed at a crash point, in a process of its own. */
  killAt(point: string, stage: keyof Stages, id: bigint): string | null {
    const { url, repository } = this;
    const settings = JSON.stringify({ main: { directory: this.buffer, ...this.settings } });
    const script = `require(${JSON.stringify(join(__dirname, '../../dist/testing/stage-process.js'))})
      .runToCrash(${JSON.stringify({ url, repository, settings, stage, id: String(id), point })})
      .then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });`;
    const { signal, stderr, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    if (status !== null && status !== 0) throw new Error(stderr);
    return signal;
  }

  at(path: string | Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.buffer}/`), Buffer.from(path)]);
  }

  write(path: string | Buffer, content: string | Buffer = 'content'): void {
    const at = this.at(path);
    mkdirSync(dirname(at.toString('latin1')) === '.' ? this.buffer : at.subarray(0, at.lastIndexOf(0x2f)), {
      recursive: true,
    });
    writeFileSync(at, content);
  }

  async order(
    source: string,
    transfer: TransferMode = 'upload',
    change: Partial<NewImportOrder> = {},
  ): Promise<bigint> {
    const { id } = await this.register.imports.orders.order(
      {
        personId: 7n,
        person: 'alice',
        groupId: 3n,
        group: 'lab',
        source: this.at(source),
        display: this.at(source).toString(),
        target: 'Dataset:5',
        transfer,
        options: {},
        origin: 'command',
        ...change,
      },
      'alice',
    );
    return id;
  }

  async run(stage: keyof Stages, id: bigint, signal?: AbortSignal): Promise<void> {
    await this.sql.query(
      'UPDATE import_order SET not_before = now(), claimed_by = NULL, lease_until = NULL WHERE id = $1',
      [id],
    );
    await runStage(this.register, this.stages[stage], id, signal);
  }

  /** Two looks, and the order is settled. */
  async settle(id: bigint): Promise<void> {
    await this.run('settle', id);
  }

  /** As far as a proven import, whose files OMERO has as copies in the repository. */
  async verified(
    source: string,
    transfer: TransferMode = 'upload',
    { upTo, leftOut = [] }: { readonly upTo?: 'hashed'; readonly leftOut?: readonly string[] } = {},
  ): Promise<bigint> {
    const id = await this.order(source, transfer);
    await this.run('settle', id);
    await this.run('lock', id);
    const claim = (await this.register.imports.claims.claim(id, ['locked'], 'a lister', 60_000)) as ImportClaim;
    const files = await this.rows(id);
    const paths = files.map(({ path }) => path).filter((path) => !leftOut.includes(path.toString()));
    await this.register.imports.filesets.add(claim, [{ number: 1, reader: 'TiffReader', paths }], true);
    const { controls } = await new SourcePlaces(new Imports(this.importsSettings(), '/nowhere')).of(claim.order);
    await this.register.imports.filesets.controls(claim, controls);
    await this.register.imports.advance(claim, { event: 'list', to: 'listed' });
    await this.run('digest', id);
    if (upTo === 'hashed') return id;
    await this.sql.query(`UPDATE import_order SET state = 'verified' WHERE id = $1`, [id]);
    return id;
  }

  async claim(id: bigint, state: ImportState): Promise<ImportClaim | undefined> {
    await this.sql.query('UPDATE import_order SET claimed_by = NULL, lease_until = NULL WHERE id = $1', [id]);
    return this.register.imports.claims.claim(id, [state], 'a worker', 60_000);
  }

  async rows(id: bigint): Promise<readonly OrderedFile[]> {
    return this.register.imports.files.of(id);
  }

  async get(id: bigint): Promise<ImportOrder> {
    return (await this.register.imports.orders.get(id))!;
  }

  private async inOmero(_order: ImportOrder, file: OrderedFile, work: Work): Promise<InOmero | undefined> {
    work.signal.throwIfAborted(); // as `Files`, which reads OMERO's files
    const found = readInRepository(this.repository, file);
    this.afterLook(file.path);
    return found;
  }
}
