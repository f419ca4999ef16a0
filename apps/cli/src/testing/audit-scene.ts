import { chmod, link, lstat, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import {
  copyPath,
  type ArchiveFile,
  type FileEvent,
  type FileState,
  type Outcome,
  type Store,
  type Work,
  type WorkState,
} from '@coldroom/domain';
import { tagFiles } from '@coldroom/bagit';
import { Files, identify, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { OmeroDatabase, type Closure } from '@coldroom/omero';
import {
  migrate,
  Register,
  type AuditedFile,
  type Claim,
  type Transition,
  type NewFile,
  type Page,
} from '@coldroom/register';
import { buildTinyOmero, type TinyOmero } from '@coldroom/sample-omero';
import { openStores, parseStores } from '@coldroom/stores';

const work: Work = {
  signal: new AbortController().signal,
  deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
  progress: () => undefined,
};

const pageSize = 500;

/** An event of all files of a bag, with the facts of each file. */
type Deed = readonly [FileEvent, FileState, (Partial<Transition> | undefined)[]?];

/** A file as the register has it, with the paths of its bytes. */
export interface Placed extends ArchiveFile {
  readonly bag: string;
  /** Absolute. */
  readonly original: string;
  readonly copy: string;
  readonly held: string;
}

/** An OMERO, its trees, a register and two stores, all real, in which files are archived as the services do it. */
export class AuditScene {
  readonly dataDir: string;
  readonly hold: string;
  readonly recall: string;
  readonly storesFile: string;
  readonly files = new Files({ threads: 1 });
  readonly register: Register;
  readonly omero: OmeroDatabase;
  /** `main`, whose links lead to the copies, and `tape`, whose links lead into a recall directory. */
  readonly stores: readonly [Store, Store];
  /** As a superuser without OMERO's triggers and keys: also for rows that no server would leave. */
  private readonly pool: pg.Pool;

  private constructor(
    readonly dir: string,
    readonly omeroUrl: string,
    readonly registerUrl: string,
  ) {
    this.dataDir = join(dir, 'OMERO');
    this.hold = join(this.dataDir, '.coldroom', 'hold');
    this.recall = join(dir, 'recall');
    this.storesFile = join(dir, 'stores.json');
    this.register = new Register(registerUrl);
    this.omero = OmeroDatabase.connect(omeroUrl);
    const file = (name: string): object => ({
      kind: 'file',
      directory: join(dir, name),
      sameFileSystem: true,
      verify: 'cached',
    });
    const { get } = openStores(parseStores({ default: 'main', stores: { main: file('main'), tape: file('tape') } }), {
      files: this.files,
      omeroRoots: [],
    });
    this.stores = [get('main'), withRecall(get('tape'), this.recall)];
    this.pool = new pg.Pool({ connectionString: omeroUrl, max: 1, options: '-c session_replication_role=replica' });
  }

  /** @param admin a superuser's URL of the server for both databases */
  static async create(name: string, admin = process.env['TEST_POSTGRES_URL'] as string): Promise<AuditScene> {
    const registerUrl = await createDatabase(admin, `${name}_register`, { existing: 'drop' });
    const scene = new AuditScene(
      await mkdtemp(join(tmpdir(), 'coldroom-audit-')),
      await createDatabase(admin, `${name}_omero`, { existing: 'drop' }),
      registerUrl,
    );
    await migrate(registerUrl);
    await buildTinyOmero({ databaseUrl: scene.omeroUrl, dataDir: scene.dataDir, filesets: [] });
    const roots = [
      ['ManagedRepository', join(scene.dataDir, 'ManagedRepository')],
      ['Pixels', join(scene.dataDir, 'Pixels')],
      ['hold', scene.hold],
      ['main', join(scene.dir, 'main')],
      ['tape', join(scene.dir, 'tape')],
      ['recall', scene.recall],
    ] as const;
    for (const [marker, directory] of roots) {
      await mkdir(directory, { recursive: true });
      await writeMarker(directory, marker);
    }
    await writeFile(
      scene.storesFile,
      JSON.stringify({
        default: 'main',
        stores: { main: { kind: 'file', directory: join(scene.dir, 'main'), sameFileSystem: true, verify: 'cached' } },
      }),
    );
    return scene;
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.files.close();
    await this.omero.close();
    await this.register.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  get env(): Record<string, string> {
    return {
      REGISTER_DATABASE_URL: this.registerUrl,
      OMERO_DATABASE_URL: this.omeroUrl,
      OMERO_DATA_DIR: this.dataDir,
      COLDROOM_STORES: this.storesFile,
    };
  }

  async sql(statement: string, values: readonly unknown[] = []): Promise<readonly pg.QueryResultRow[]> {
    return (await this.pool.query(statement, [...values])).rows;
  }

  /** As someone who repairs the register by hand. */
  async inRegister(statement: string): Promise<readonly pg.QueryResultRow[]> {
    const client = new pg.Client({ connectionString: this.registerUrl });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /**
   * Imports filesets with the given numbers of small files, and archives them up to linked and held. Returns the
   * request's number.
   */
  async archive(
    store: 'main' | 'tape',
    filesets: readonly number[],
  ): Promise<{ readonly requestId: bigint; readonly tiny: TinyOmero }> {
    const requested = await this.request(filesets);
    await this.carryOut(requested.requestId, store);
    return requested;
  }

  /** Imports filesets and marks them: a New request. */
  async request(filesets: readonly number[]): Promise<{ readonly requestId: bigint; readonly tiny: TinyOmero }> {
    const plan = filesets.map((count) => ({
      files: Array.from({ length: count }, (_, nr) => ({ name: `img_${nr}.dv`, size: 40 + nr })),
    }));
    const tiny = await buildTinyOmero({ databaseUrl: this.omeroUrl, dataDir: this.dataDir, filesets: plan });
    return { requestId: await this.mark(tiny), tiny };
  }

  /** Marks these images, which no request has: a New request. Returns its number. */
  async mark(tiny: TinyOmero): Promise<bigint> {
    const people = {
      ownerId: BigInt(tiny.user.id),
      owner: tiny.user.omename,
      groupId: BigInt(tiny.user.groupId),
      group: 'microscopy',
      requesterId: BigInt(tiny.user.id),
      requester: tiny.user.omename,
    };
    return this.omero.withClosure(tiny.imageIds.map(BigInt), (closure) =>
      this.register.requests.create(people, { images: imagesOf(closure), files: this.filesOf(closure) }, 'test'),
    );
  }

  /** Approves a request and archives it, up to linked and held, or up to a state before that. */
  async carryOut(requestId: bigint, store: 'main' | 'tape', until: WorkState = 'linked'): Promise<void> {
    await this.register.requests.approve(requestId, 'boss');
    await this.register.requests.start(requestId, store, (nr) => `request-${requestId}-bag-${nr}`, 'test');
    await this.goOn(until);
  }

  /** Does what is due, up to this state. */
  async goOn(until: WorkState = 'linked'): Promise<void> {
    const states = ['approved', 'hashed', 'copied', 'verified', 'sealed'] as const;
    const end = (states as readonly WorkState[]).indexOf(until);
    for (const state of end < 0 ? states : states.slice(0, end))
      await this.eachBag(state, (claim) => this.advance(claim));
    await this.mirror();
  }

  /** Applies `act` to each due bag in `state`, of one request where one is named, and records it. */
  private async eachBag(
    state: WorkState,
    act: (claim: Claim, files: readonly Placed[]) => Promise<Deed>,
    requestId?: bigint,
  ): Promise<void> {
    for (const { bagId } of await this.register.claims.due([state])) {
      const claim = await this.register.claims.claim(bagId, [state], 'test', 60_000);
      if (!claim) continue;
      if (requestId !== undefined && claim.requestId !== requestId) {
        await this.register.claims.releaseClaim(claim);
        continue;
      }
      const [event, to, facts = []] = await act(
        claim,
        claim.files.map((file) => this.placed(file, claim)),
      );
      await this.register.applyTransitions(
        claim,
        claim.files.map((file, index) => ({ ...facts[index], id: file.id, event, from: file.state, to })),
        { stage: 'test', errorLimit: 1000, ...(event === 'seal' ? { sealed: true } : {}) },
      );
    }
  }

  /** Frees the held originals of this request. */
  async release(requestId: bigint): Promise<void> {
    await this.eachBag(
      'linked',
      async (_claim, files) => {
        for (const { held } of files) await unlink(held);
        return ['release', 'released'];
      },
      requestId,
    );
    await this.mirror();
  }

  /** The same where the originals are gone already, as the linker does it: nothing to remove is success. */
  async releaseAgain(requestId: bigint): Promise<void> {
    await this.eachBag('linked', async () => ['release', 'released'], requestId);
    await this.mirror();
  }

  /** Puts the held originals of these filesets back. */
  async undo(filesets: readonly string[]): Promise<void> {
    await this.register.operator.undo({ kind: 'Fileset', names: filesets }, 'test');
    await this.eachBag('undoing', async (_claim, files) => {
      for (const { held, original } of files) await rename(held, original);
      return ['undo', 'undone'];
    });
    await this.mirror();
  }

  /** Retrieves released filesets of `tape`: a recall into the recall directory, a restore to the originals' paths. */
  async retrieve(way: 'recall' | 'restore', filesets: readonly string[]): Promise<void> {
    await this.register.retrievals.ask({ kind: 'Fileset', names: filesets }, { way, days: 7 }, 'test');
    await this.eachBag('retrieving', async () => ['bringOnline', 'online']);
    await this.eachBag('online', async () => ['fetch', 'fetched']);
    await this.eachBag('fetched', async () => ['verifyFetched', 'fetchVerified']);
    await this.eachBag('fetchVerified', async ({ bag }, files) => {
      for (const file of files) {
        const target = way === 'restore' ? file.original : join(this.recall, bag, 'data', copyPath(file).toString());
        await mkdir(dirname(target), { recursive: true });
        await rm(target, { force: true });
        await writeFile(target, Buffer.alloc(Number(file.size)));
      }
      return ['place', way === 'restore' ? 'restored' : 'recalled'];
    });
    await this.mirror();
  }

  /** The files of a request, by number. */
  async placedFiles(requestId: bigint): Promise<readonly Placed[]> {
    const all: Placed[] = [];
    for (let after: bigint | undefined = 0n; after !== undefined;) {
      const page: Page<AuditedFile, bigint> = await this.register.audit.files(after);
      all.push(...page.rows.filter((file) => file.requestId === requestId).map((file) => this.placed(file, file)));
      after = page.next;
    }
    return all;
  }

  /** Makes a sealed bag, which is without write permission, writable for a change. */
  async inBag(path: string, change: () => Promise<void>): Promise<void> {
    const directory = dirname(path);
    const { mode } = await lstat(directory);
    await chmod(directory, 0o755);
    await change();
    await chmod(directory, mode);
  }

  private placed(file: ArchiveFile, { bag, store }: { readonly bag: string; readonly store: string }): Placed {
    return {
      ...file,
      bag,
      original: join(this.dataDir, file.root, file.path.toString()),
      copy: join(this.dir, store, bag, 'data', copyPath(file).toString()),
      held: join(this.hold, bag, String(file.id)),
    };
  }

  /** One step of the archive. */
  private async advance(claim: Claim): Promise<Deed> {
    const store = this.stores.find((one) => one.name === claim.store)!;
    const sources = claim.files.map((file) => ({
      root: join(this.dataDir, file.root),
      path: file.path,
      copyPath: copyPath(file),
      identity: file.identity,
    }));
    const paths = sources.map((source) => source.copyPath);
    switch (claim.state) {
      case 'approved': {
        const hashed = (
          await this.files.hash(
            sources.map((source) => ({ ...source, algorithms: ['SHA-256'] })),
            { direct: false },
            work,
          )
        ).map(okOf);
        return ['hash', 'hashed', hashed.map(({ digests, identity }) => ({ digests, identity }))];
      }
      case 'hashed':
        (await store.put(claim.bag, sources, work)).forEach(okOf);
        return ['copy', 'copied'];
      case 'copied': {
        const read = (await store.digest(claim.bag, paths, ['SHA-256'], work)).map(okOf);
        return [
          'verify',
          'verified',
          read.map(({ version, digests, read: way }) => ({
            copyVersion: version,
            copyDigest: digests['SHA-256'] as string,
            copyRead: way,
          })),
        ];
      }
      case 'verified':
        await store.seal(claim.bag, paths, await this.tagsOf(claim), work);
        return ['seal', 'sealed'];
      default:
        await mkdir(join(this.hold, claim.bag), { recursive: true });
        for (const file of claim.files) {
          const { original, held, bag } = this.placed(file, claim);
          await link(original, held);
          await symlink(store.linkTarget(bag, copyPath(file)), `${original}.new`);
          await rename(`${original}.new`, original);
        }
        return ['link', 'linked'];
    }
  }

  private async tagsOf(claim: Claim): Promise<ReturnType<typeof tagFiles>> {
    const { requestId, bag, bagCreatedAt: date, owner, group } = claim;
    const images = await this.register.claims.imagesOf(requestId, [
      ...new Set(claim.files.map((each) => each.fileset)),
    ]);
    const described = claim.files.map((file) => {
      const imageIds = images.get(file.fileset) ?? [];
      return { ...file, copyPath: copyPath(file), imageIds, owner, group };
    });
    return tagFiles({ bag, date, files: described });
  }

  /** As the scanner writes it to OMERO. */
  async mirror(): Promise<void> {
    for (
      let pending = await this.register.marks.pending(500);
      pending.length > 0;
      pending = await this.register.marks.pending(500)
    ) {
      for (const [wanted, marks] of Map.groupBy(pending, (mark) => mark.wanted)) {
        const images = marks.map((mark) => ({ ...mark, requester: { id: mark.requesterId, name: mark.requester } }));
        const back = images.filter(({ written }) => written === 'archived');
        if (wanted === 'none' || (wanted === 'pending' && back.length > 0))
          await this.omero.clear(wanted === 'none' ? images : back, {
            restoreArchived: new Map(back.map((mark) => [mark.imageId, mark.archivedBefore])),
            dropNote: false,
          });
        const outcomes =
          wanted === 'archived'
            ? await this.omero.setArchived(images)
            : wanted === 'pending'
              ? await this.omero.setPending(images)
              : [];
        await this.register.marks.written(
          marks.map((mark, index) => {
            const before = wanted === 'archived' ? outcomes[index]?.archivedBefore : undefined;
            return {
              requestId: mark.requestId,
              imageId: mark.imageId,
              written: wanted,
              ...(before === undefined ? {} : { before }),
            };
          }),
        );
      }
    }
  }

  private async *filesOf(closure: Closure): AsyncGenerator<readonly NewFile[]> {
    for await (const found of inPages(closure.files)) {
      const files: NewFile[] = [];
      for (const { component, root, path, size, hash, originalFileId, pixelsId, mandatory } of found) {
        const identity = await identify(join(this.dataDir, root, path.toString()));
        if (!identity && !mandatory) continue;
        if (!identity) throw new Error(`${path.toString()} is not on disk`);
        files.push({
          fileset: component,
          root,
          path,
          display: path.toString(),
          size: size ?? identity.size,
          originalFileId,
          pixelsId,
          omeroHash: hash,
          verdict: { take: identity },
        });
      }
      yield files;
    }
  }
}

async function* imagesOf(
  closure: Closure,
): AsyncGenerator<readonly { imageId: bigint; name: string; fileset: string; marked: boolean }[]> {
  for await (const images of inPages(closure.images))
    yield images.map(({ imageId, name, component }) => ({ imageId, name, fileset: component, marked: true }));
}

/** The register takes many rows in one statement, which is much faster than one statement for each. */
async function* inPages<T>(all: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let page: T[] = [];
  for await (const one of all) {
    page.push(one);
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  yield page;
}

/** The same store, but its links lead into a recall directory, as those of tapes and object stores do. */
function withRecall(store: Store, recallRoot: string): Store {
  return changed(store, {
    recallRoot,
    linkTarget: (bag, path) => Buffer.concat([Buffer.from(`${recallRoot}/${bag}/data/`), path]),
  });
}

/** The same store with some of its methods replaced. */
export function changed(store: Store, verbs: Partial<Store>): Store {
  return new Proxy(store, {
    get: (inner, key) => {
      if (key in verbs) return Reflect.get(verbs, key) as unknown;
      const value: unknown = Reflect.get(inner, key, inner);
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
    },
  });
}

function okOf<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.ok;
}
