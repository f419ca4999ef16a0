import { chmod, chown, lstat, readFile, utimes } from 'node:fs/promises';
import { onCrashPoint, type CrashPoint } from '@coldroom/domain';
import { Client } from 'pg';
import type { Stores } from '@coldroom/stores';
import { filesBelow, markerName, openDirectory, openRoot } from '@coldroom/files';
import type { Stage } from '@coldroom/pipeline';
import { Workbench, workWith, type PlannedOriginal } from '@coldroom/pipeline/testing';
import { ExpireStage } from '../restore/expire.stage';
import { LinkStage } from '../archive/link.stage';
import { PlaceStage } from '../restore/place.stage';
import { HoldTime } from '../paths/places';
import { MoveLinkStage } from '../move/move-link.stage';
import { ReleaseStage } from '../archive/release.stage';
import { UndoStage } from '../restore/undo.stage';

const long = 7 * 86_400_000;

/** What a file was before it was archived. */
export interface Guard {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
}

/** A complete archive: originals linked and, where wanted, released, with all stages of the linker at hand. */
export class Archive {
  private readonly session: Client;

  private constructor(
    readonly bench: Workbench,
    readonly stores: Stores,
  ) {
    this.session = new Client({ connectionString: bench.registerUrl, options: '-c search_path=coldroom' });
  }

  /** With `recallable`, links lead into a recall directory. `mount` is that of the workbench. */
  static async create(
    name: string,
    { recallable = false, mount }: { recallable?: boolean; mount?: (on: string) => () => void } = {},
  ): Promise<Archive> {
    const bench = await Workbench.create(name, mount);
    const archive = new Archive(bench, recallable ? (await bench.recallable()).stores : bench.stores);
    await archive.session.connect();
    return archive;
  }

  get link(): LinkStage {
    const { originals, register, holds, files } = this.bench;
    return new LinkStage(this.stores, originals, register, holds, new HoldTime(0), files);
  }

  get undo(): UndoStage {
    return new UndoStage(this.stores, this.bench.originals, this.bench.holds, this.bench.files);
  }

  get place(): PlaceStage {
    return this.placeWith(this.stores);
  }

  placeWith(stores: Stores): PlaceStage {
    return new PlaceStage(stores, this.bench.originals, this.bench.register, this.bench.holds, this.bench.files);
  }

  get expire(): ExpireStage {
    return this.expireWith(this.stores);
  }

  expireWith(stores: Stores): ExpireStage {
    return new ExpireStage(stores, this.bench.register);
  }

  get moveLink(): MoveLinkStage {
    return this.moveLinksWith(this.stores);
  }

  moveLinksWith(stores: Stores): MoveLinkStage {
    return new MoveLinkStage(stores, this.bench.originals, this.bench.register, this.bench.holds);
  }

  release(held = false, stores = this.stores): ReleaseStage {
    return new ReleaseStage(
      stores,
      this.bench.originals,
      this.bench.register,
      this.bench.holds,
      new HoldTime(held ? long : 0),
      this.bench.files,
    );
  }

  /** Brings requested retrievals up to files that are proven in staging. */
  async proven(): Promise<void> {
    await this.bench.bring('fetchVerified', this.stores.default);
  }

  /** Archives originals with unusual modes, owners and times; their space is freed unless they are to be held. */
  async of(
    filesets: Readonly<Record<string, readonly PlannedOriginal[]>>,
    { held = false } = {},
  ): Promise<{ readonly id: bigint; readonly bags: readonly string[] }> {
    const id = await this.bench.request(filesets, setOddAttributes);
    await this.bench.bring('sealed');
    await this.all(this.link);
    if (!held) await this.all(this.release());
    return {
      id,
      bags: [
        ...new Set(
          (await this.bench.register.reports.files({ requestId: id, limit: 1000 })).map((file) => file.bag as string),
        ),
      ],
    };
  }

  /** Runs a stage as long as a bag is due for it. */
  async all(stage: Stage): Promise<void> {
    while ((await this.bench.register.claims.due([stage.takes], 1)).length > 0) {
      if ((await this.bench.run(stage)).transitions.length === 0) return;
    }
  }

  /** Has a linker die at the first occurrence of a step: after it nothing is done, and nothing recorded. */
  async killed(stage: Stage, at: CrashPoint): Promise<void> {
    const claim = await this.bench.claim(stage.takes);
    let dead = false;
    const check = (): void => {
      if (dead) throw new Error('killed');
    };
    onCrashPoint((name) => {
      dead ||= name === at;
      check();
    });
    try {
      await stage.run(claim, workWith({ check })).catch(() => undefined);
    } finally {
      onCrashPoint(undefined);
      await this.bench.register.claims.releaseClaim(claim);
    }
    if (!dead) throw new Error(`${stage.name} never came to ${at}`);
  }

  /** What is left in the hold directory, below its marker. */
  async inHold(): Promise<readonly string[]> {
    return below(this.bench.holdDir, 'hold');
  }

  async inRecall(): Promise<readonly string[]> {
    return below(this.stores.default.recallRoot as string, 'recall');
  }

  /** Changes the register directly, bypassing its code. */
  async sql(statement: string): Promise<void> {
    await this.session.query(statement);
  }

  async close(): Promise<void> {
    await this.session.end();
    await this.bench.close();
  }
}

async function below(directory: string, name: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { path } of filesBelow(await openDirectory(await openRoot(directory, name), Buffer.alloc(0))))
    if (path.toString() !== markerName) found.push(path.toString());
  return found.sort();
}

async function setOddAttributes(path: Buffer): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, 1234, 2345);
  await chmod(path, 0o640);
  await utimes(path, 1_500_000_000.123, 1_500_000_001.456);
}

export async function lookAt(path: Buffer): Promise<Guard & { readonly kind: 'file' | 'other' }> {
  const { mode, uid, gid, mtimeNs } = await lstat(path, { bigint: true });
  const isFile = (Number(mode) & 0o170000) === 0o100000;
  return {
    kind: isFile ? 'file' : 'other',
    content: isFile ? await readFile(path) : Buffer.alloc(0),
    mode: Number(mode),
    uid: Number(uid),
    gid: Number(gid),
    mtimeNs,
  };
}
