import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  rootNames,
  workStates,
  type OmeroHash,
  type RootName,
  type Store,
  type Retrieval,
  type WorkState,
} from '@coldroom/domain';
import { displayPath, Files, identify, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { migrate, Register, type Claim, type DueBag, type FileListing, type NewFile } from '@coldroom/register';
import { openStores, parseStores, type Stores } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { HoldDirectories, Staging } from '@coldroom/trees';
import { plainMoves, plainRetrievals, plainStages } from './plain-stages';
import type { Stage, StageResult, StageWork } from '../stage';

/** An original to be created, and what OMERO records about it. */
export interface PlannedOriginal {
  /** Relative to the root, as bytes or UTF-8. */
  readonly path: string | Buffer;
  readonly content: string | Buffer;
  readonly omeroHash?: OmeroHash;
  readonly root?: RootName;
}

const leaseMs = 60_000;
let requests = 0;

/**
 * A register, a store, OMERO's trees and a hold directory for one test file, all real. Needs jest's servers of
 * @coldroom/local.
 */
export class Workbench {
  readonly dataDir: string;
  readonly storeDir: string;
  /** A second store, `other`, empty until something is moved there. */
  readonly otherDir: string;
  readonly holdDir: string;
  readonly files = new Files({ threads: 1 });
  readonly originals: Originals;
  readonly holds: HoldDirectories;
  readonly stores: Stores;
  private unmount: (() => void) | undefined;

  private constructor(
    private readonly dir: string,
    readonly registerUrl: string,
    readonly register: Register,
  ) {
    this.dataDir = join(dir, 'omero');
    this.storeDir = join(dir, 'store');
    this.otherDir = join(dir, 'other');
    this.holdDir = join(this.dataDir, '.coldroom', 'hold');
    this.originals = new Originals(this.dataDir);
    this.holds = new HoldDirectories([this.holdDir]);
    const kept = (directory: string): object => ({ kind: 'file', directory, sameFileSystem: true, verify: 'cached' });
    const settings = parseStores({
      default: 'main',
      stores: { main: kept(this.storeDir), other: kept(this.otherDir) },
    });
    this.stores = openStores(settings, { files: this.files, omeroRoots: this.originals.directories() });
  }

  /** @param mount mounts a file system for OMERO's files and the hold directory, and returns what unmounts it */
  static async create(name: string, mount?: (on: string) => () => void): Promise<Workbench> {
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `${name}_${process.pid}`, {
      existing: 'drop',
    });
    await migrate(url);
    const bench = new Workbench(await mkdtemp(join(tmpdir(), 'coldroom-bench-')), url, new Register(url));
    bench.unmount = mount?.(bench.dataDir);
    const marked = [
      ...rootNames.map((root) => [root, bench.originals.directory(root)] as const),
      ['hold', bench.holdDir] as const,
      ['main', bench.storeDir] as const,
      ['other', bench.otherDir] as const,
    ];
    for (const [root, directory] of marked) {
      await mkdir(directory, { recursive: true });
      await writeMarker(directory, root);
    }
    return bench;
  }

  async close(): Promise<void> {
    await this.files.close();
    await this.register.close();
    this.unmount?.();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** An original's path on disk. */
  at(path: string | Buffer, root: RootName = 'ManagedRepository'): Buffer {
    return Buffer.concat([Buffer.from(`${this.originals.directory(root)}/`), Buffer.from(path)]);
  }

  /**
   * Creates originals (`setAttributes` may give each another owner, mode or time) and a running request of these filesets, one
   * image each.
   */
  async request(
    filesets: Readonly<Record<string, readonly PlannedOriginal[]>>,
    setAttributes?: (path: Buffer) => Promise<void>,
  ): Promise<bigint> {
    requests += 1;
    const base = BigInt(requests * 1000);
    const files = (
      await Promise.all(
        Object.entries(filesets).map(([fileset, originals]) =>
          Promise.all(originals.map((original) => this.lay(fileset, original, setAttributes))),
        ),
      )
    ).flat();
    const images = Object.keys(filesets).map((fileset, index) => ({
      imageId: base + BigInt(index),
      name: `image of ${fileset}`,
      fileset,
      marked: true,
    }));
    const people = { ownerId: 3n, owner: 'ada', groupId: 4n, group: 'Lab', requesterId: 3n, requester: 'ada' };
    const id = await this.register.requests.create(people, { images: once(images), files: once(files) }, 'test');
    await this.register.requests.approve(id, 'boss');
    await this.register.requests.start(id, 'main', (nr) => `request-${id}-bag-${nr}`, 'test');
    return id;
  }

  /**
   * Runs a stage on the oldest due bag, or on the named one, and records the result. On an error it gives the bag back
   * and throws.
   */
  async run(
    stage: Stage,
    hooks: { readonly check?: () => void; readonly signal?: AbortSignal; readonly bagId?: bigint } = {},
  ): Promise<StageResult> {
    const claim = await this.claim(stage.takes, hooks.bagId);
    try {
      const result = await stage.run(claim, workWith(hooks));
      if (result.transitions.length === 0) await this.register.claims.releaseClaim(claim);
      else
        await this.register.applyTransitions(claim, result.transitions, {
          stage: stage.name,
          errorLimit: 1000,
          ...(result.sealed ? { sealed: true } : {}),
          ...(result.failed ? { failed: result.failed } : {}),
          ...(result.switched ? { switched: true } : {}),
        });
      return result;
    } catch (error) {
      await this.register.claims.releaseClaim(claim);
      throw error;
    }
  }

  /** Brings every due bag from `approved` to `until`, as the services would. */
  async bring(
    until: 'hashed' | 'copied' | 'verified' | 'sealed' | 'online' | 'fetched' | 'fetchVerified',
    store = this.stores.default,
  ): Promise<void> {
    const back = until === 'online' || until === 'fetched' || until === 'fetchVerified';
    const stages = back
      ? plainRetrievals(this.files, new Staging(this.originals, this.holds), store)
      : plainStages(this.files, this.originals, store);
    for (const stage of stages) {
      if (stage.takes === until) return;
      while ((await this.register.claims.due([stage.takes], 1)).length > 0) await this.run(stage);
    }
  }

  /** Requests the move of a request's bags, and brings them to `until` as the services would. */
  async move(
    requestId: bigint,
    until: 'moving' | 'moveCopied' | 'moveVerified' | 'moveSealed',
    { from, to } = { from: 'main', to: 'other' },
  ): Promise<void> {
    const bags = (await this.register.moves.plan(from, { kind: 'Request', ids: [requestId] })).map((bag) => bag.id);
    if ((await this.register.moves.ask(bags, { from, to }, 'test')) !== bags.length)
      throw new Error(`request ${requestId} cannot be moved`);
    await this.moveCopy(until);
  }

  /** Brings every bag that is moving to another store to `until`. */
  async moveCopy(until: 'moving' | 'moveCopied' | 'moveVerified' | 'moveSealed'): Promise<void> {
    for (const stage of plainMoves(this.files, new Staging(this.originals, this.holds), this.stores)) {
      if (stage.takes === until) return;
      while ((await this.register.claims.due([stage.takes], 1)).length > 0) await this.run(stage);
    }
  }

  /** Makes the register record that durable files were linked and released; the disk stays as it is. */
  async sayLinked(): Promise<void> {
    for (const [takes, event, to] of [
      ['sealed', 'link', 'linked'],
      ['linked', 'release', 'released'],
    ] as const) {
      const name = event;
      while ((await this.register.claims.due([takes], 1)).length > 0)
        await this.run({
          name,
          takes,
          run: async ({ files }) => ({ transitions: files.map((file) => ({ id: file.id, event, from: takes, to })) }),
        });
    }
  }

  /** Requests a retrieval of files, for a day. */
  async ask(requestId: bigint, way: Retrieval = 'restore'): Promise<number> {
    return (await this.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way, days: 1 }, 'test')).asked;
  }

  /** The same store, but with links that lead into a recall directory instead of the store. */
  async recallable(): Promise<{ readonly store: Store; readonly stores: Stores; readonly recallDir: string }> {
    const recallDir = join(this.dir, 'recall');
    await mkdir(recallDir, { recursive: true });
    await writeMarker(recallDir, 'recall');
    const store = Object.create(this.stores.default, {
      recallRoot: { value: recallDir },
      linkTarget: {
        value: (bag: string, path: Buffer) => Buffer.concat([Buffer.from(`${recallDir}/${bag}/data/`), path]),
      },
    }) as Store;
    return { store, stores: { ...this.stores, default: store, get: () => store }, recallDir };
  }

  async claim(state: WorkState, bagId?: bigint): Promise<Claim> {
    const first = bagId ?? (await this.register.claims.due([state], 1))[0]?.bagId;
    const claim = first === undefined ? undefined : await this.register.claims.claim(first, [state], 'test', leaseMs);
    if (!claim) throw new Error(`no bag is ${state}`);
    return claim;
  }

  async due(): Promise<readonly DueBag[]> {
    return this.register.claims.due(workStates);
  }

  /** The newest row of this file. */
  async file(path: string | Buffer): Promise<FileListing> {
    const all = await this.register.reports.files({ limit: 100_000 });
    const found = all.findLast((file) => file.path === displayPath(Buffer.from(path)));
    if (!found) throw new Error(`the register has no file ${displayPath(Buffer.from(path))}`);
    return found;
  }

  private async lay(
    fileset: string,
    { path, content, omeroHash, root = 'ManagedRepository' }: PlannedOriginal,
    setAttributes?: (path: Buffer) => Promise<void>,
  ): Promise<NewFile> {
    const at = this.at(path, root);
    await mkdir(dirname(at.toString('latin1')), { recursive: true });
    await writeFile(at, content);
    await setAttributes?.(at);
    const identity = await identify(at);
    if (!identity) throw new Error(`${displayPath(at)} was not laid down`);
    return {
      fileset,
      root,
      path: Buffer.from(path),
      display: displayPath(Buffer.from(path)),
      size: identity.size,
      originalFileId: null,
      pixelsId: null,
      omeroHash: omeroHash ?? null,
      verdict: { take: identity },
    };
  }
}

/** For a stage that is run without a runner. */
export function workWith({ check, signal }: { readonly check?: () => void; readonly signal?: AbortSignal }): StageWork {
  const deadline = new BigInt64Array(new SharedArrayBuffer(8)).fill(
    process.hrtime.bigint() + BigInt(leaseMs) * 1_000_000n,
  );
  return {
    signal: signal ?? new AbortController().signal,
    deadline,
    progress: () => undefined,
    check: check ?? (() => undefined),
  };
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
