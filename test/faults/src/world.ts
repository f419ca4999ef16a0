import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { markerName, writeMarker } from '@coldroom/files';
import type { RunningService } from '@coldroom/runtime/process';
import { mountOn, type MountKind } from '@coldroom/files/testing';
import { migrate, Register, type EventListing, type FileListing } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { buildTinyOmero, type TinyOmero, type TinyPlan } from '@coldroom/sample-omero';
import { faultsOf, leftovers, type Scene } from './invariants';
import { MountedStore } from './mounted-store';
import { Servers } from './servers';
import { Services, type Crash, type ServiceName } from './services';
import { fileStore, type KeptCopies, type StoreKind, type StoreName } from './store-kinds';
import { filesBelow, freeze, type Frozen } from './tree';

export interface WorldPlan {
  /** How long originals are held; `0` frees them at once. Default `7d`. */
  readonly hold?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Puts the store on a separate file system of this size. */
  readonly storeMegabytes?: number;
  /** Other file systems for OMERO's files and for the store: a kind, or what mounts one and returns what unmounts it. */
  readonly mounts?: Readonly<Partial<Record<'OMERO' | 'store', MountKind | ((on: string) => () => void)>>>;
  /** Default: one directory. */
  readonly store?: StoreKind;
  /** A second store, named `other`, empty until bags are moved there. */
  readonly other?: StoreKind;
}

interface WorldParts {
  readonly dir: string;
  readonly servers: Servers;
  readonly services: Services;
  readonly omeroUrl: string;
  readonly registerUrl: string;
  readonly copies: KeptCopies;
  readonly other: KeptCopies | undefined;
  readonly mounted: MountedStore | undefined;
  readonly unmounts: readonly (() => void)[];
}

/** An OMERO with a few files, its own PostgreSQL and Redis, and the services as real processes. */
export class World implements Scene {
  readonly frozen = new Map<string, Frozen>();
  readonly foreign = new Set<string>();
  timeUnitNs = 1n;
  private history: readonly string[] = [];
  private opened: Register;

  readonly dir: string;
  readonly data: string;
  readonly hold: string;
  readonly servers: Servers;
  readonly services: Services;
  readonly omeroUrl: string;
  readonly registerUrl: string;
  readonly copies: KeptCopies;
  readonly other: KeptCopies | undefined;
  private readonly mounted: MountedStore | undefined;
  private readonly unmounts: readonly (() => void)[];

  private constructor({ dir, servers, services, omeroUrl, registerUrl, copies, other, mounted, unmounts }: WorldParts) {
    this.dir = dir;
    this.servers = servers;
    this.services = services;
    this.omeroUrl = omeroUrl;
    this.registerUrl = registerUrl;
    this.copies = copies;
    this.other = other;
    this.mounted = mounted;
    this.unmounts = unmounts;
    this.data = join(dir, 'OMERO');
    this.hold = join(this.data, '.coldroom', 'hold');
    this.opened = new Register(registerUrl);
  }

  static async create({
    hold = '7d',
    env = {},
    storeMegabytes,
    mounts = {},
    store = fileStore,
    other,
  }: WorldPlan = {}): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-faults-'));
    chmodSync(dir, 0o755);
    const servers = await Servers.start(join(dir, 'servers'));
    const omeroUrl = await servers.emptyDatabase('omero');
    const registerUrl = await servers.emptyDatabase('register');
    await migrate(registerUrl);
    const mounted =
      storeMegabytes === undefined
        ? undefined
        : MountedStore.make(join(dir, 'store.ext4'), join(dir, 'store'), storeMegabytes);
    const unmounts = Object.entries(mounts).map(([name, mount]) =>
      typeof mount === 'string' ? mountOn(mount, join(dir, name)) : mount(join(dir, name)),
    );
    const copies = await store(dir, 'main');
    const others = await other?.(dir, 'other');
    writeFileSync(
      join(dir, 'stores.json'),
      JSON.stringify({ default: 'main', stores: { ...copies.stores, ...others?.stores } }),
    );
    const services = new Services({
      OMERO_DATABASE_URL: omeroUrl,
      REGISTER_DATABASE_URL: registerUrl,
      REDIS_URL: servers.redisUrl,
      OMERO_DATA_DIR: join(dir, 'OMERO'),
      COLDROOM_STORES: join(dir, 'stores.json'),
      COLDROOM_HOLD: hold,
      COLDROOM_LEASE: '2s',
      COLDROOM_SWEEP_EVERY: '500ms',
      COLDROOM_RETRY_PAUSE: '200ms',
      METRICS_PORT: '0',
      COLDROOM_CONCURRENCY: '1',
      ...env,
    });
    const world = new World({
      dir,
      servers,
      services,
      omeroUrl,
      registerUrl,
      copies,
      other: others,
      mounted,
      unmounts,
    });
    await world.layOut();
    await world.lay([]);
    return world;
  }

  /** A new one after the register was lost. */
  get register(): Register {
    return this.opened;
  }

  /** Where links lead. */
  get store(): string {
    return this.copies.links;
  }

  /** The file system of the store, if the plan gave it a separate one. */
  get disk(): MountedStore {
    if (!this.mounted) throw new Error('this world has its store on the common file system');
    return this.mounted;
  }

  start(name: ServiceName, crash?: Crash): RunningService {
    return this.services.start(name, crash);
  }

  /**
   * Imports filesets, marks their images and approves the request that a running scanner makes of them. Returns its id.
   */
  async archive(filesets: TinyPlan['filesets'], store?: StoreName): Promise<bigint> {
    await this.lay(filesets);
    return this.approve(store);
  }

  async lay(filesets: TinyPlan['filesets'], omename = 'alice'): Promise<TinyOmero> {
    const tiny = await buildTinyOmero({
      databaseUrl: this.omeroUrl,
      dataDir: this.data,
      filesets,
      mark: true,
      omename,
    });
    for (const path of filesBelow(this.data, ['.coldroom']))
      if (!this.frozen.has(path) && !this.foreign.has(path)) this.frozen.set(path, freeze(join(this.data, path)));
    return tiny;
  }

  /** Creates a request from the marked images and approves it. */
  async approve(store?: StoreName): Promise<bigint> {
    await this.register.scans.ask('a tester');
    const [request] = await this.until('a new request', async () => {
      const requests = await this.register.requests.list({ states: ['New'] });
      return requests.length > 0 && requests;
    });
    const { id } = request as { id: bigint };
    await this.register.requests.approve(id, 'a data manager', store);
    return id;
  }

  /** An action of a person, repeated while a worker holds the bag. */
  async asPerson<T>(act: (people: Register['operator']) => Promise<T>): Promise<T> {
    return this.until('the bag to be free for a person', () => act(this.register.operator));
  }

  /**
   * Waits until `look` returns a value; fails with the last output of the services. A server may be restarted
   * meanwhile.
   */
  async until<T>(what: string, look: () => Promise<T | false | undefined>, withinMs = 40_000): Promise<T> {
    let cause: unknown;
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(40)) {
      try {
        const found = await look();
        if (found !== false && found !== undefined) return found;
      } catch (error) {
        cause = error;
      }
    }
    const counts = (await this.register.reports.counts())
      .map(({ state, code, files }) => `${state} ${code ?? ''} ${files}`)
      .join(', ');
    throw new Error(
      `waited too long for ${what}${cause instanceof Error ? ` (${cause.message})` : ''}; files: ${counts}\n${this.services.lines.slice(-15).join('\n')}`,
      { cause },
    );
  }

  /** Waits until all files of a request are in these states. */
  async reached(requestId: bigint, ...states: readonly string[]): Promise<readonly FileListing[]> {
    return this.until(`request ${requestId} to be ${states.join(' or ')}`, async () => {
      const files = await this.filesOf(requestId);
      return files.length > 0 && files.every((file) => states.includes(file.state)) && files;
    });
  }

  /** Waits until a file of a request is stuck with this code. */
  async stuck(requestId: bigint, code: string): Promise<readonly FileListing[]> {
    return this.until(`a file of request ${requestId} to be stuck with ${code}`, async () => {
      const files = (await this.filesOf(requestId)).filter((file) => file.state === 'stuck' && file.code === code);
      return files.length > 0 && files;
    });
  }

  /** Waits until the register records a failed attempt with this code. */
  async attemptFailed(requestId: bigint, code: string): Promise<void> {
    await this.until(`an attempt to fail with ${code}`, async () =>
      (await this.register.reports.events({ requestId }, 1000)).some(
        (event) => event.what === 'attempt failed' && event.code === code,
      ),
    );
  }

  /** Runs all work up to a stage, then acts, then resumes that stage. */
  async before<T>(stage: string, requestId: bigint, state: string, act: () => Promise<T> | T): Promise<T> {
    await this.reached(requestId, state);
    const result = await act();
    await this.register.switches.resume(`stage:${stage}`, 'a tester');
    return result;
  }

  /** As the owner of the register sees and changes it. */
  async inRegister(statement: string): Promise<readonly unknown[]> {
    const client = new Client({ connectionString: this.registerUrl });
    await client.connect();
    return client
      .query(statement)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  async filesOf(requestId: bigint): Promise<readonly FileListing[]> {
    return this.register.reports.files({ requestId, limit: 10_000 });
  }

  /** A test that changes a file itself declares it: from now on this is the expected file. */
  refreeze(path: string): void {
    const relative = path.slice(this.data.length + 1);
    this.frozen.set(relative, freeze(path));
  }

  /** A test that removes a file, or puts something else there, declares it: the invariants then ignore the path. */
  forget(path: string): void {
    const relative = path.slice(this.data.length + 1);
    this.frozen.delete(relative);
    this.foreign.add(relative);
  }

  /** The same for all files so far; markers stay. */
  forgetAll(): void {
    for (const path of [...this.frozen.keys()]) if (!path.endsWith(markerName)) this.forget(join(this.data, path));
  }

  /** Fails if any invariant is broken, at any moment. */
  async check(): Promise<void> {
    const events = (await this.register.reports.events({}, 1_000_000)).toReversed().map(told);
    const rewritten = this.history.findIndex((event, index) => event !== events[index]);
    this.history = events;
    const faults = await faultsOf(this);
    if (rewritten !== -1) faults.push(`event ${rewritten} is not what it was`);
    if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${this.services.lines.slice(-15).join('\n')}`);
  }

  /** The same when no work is left, and checks that nothing was left behind. */
  async checkAtRest(): Promise<void> {
    await this.check();
    const left = await leftovers(this);
    if (left.length > 0) throw new Error(`${left.join('\n')}\n${this.services.lines.slice(-15).join('\n')}`);
  }

  /** The register is lost with its database. An empty one replaces it, prepared as an operator does it. */
  async loseRegister(): Promise<void> {
    await this.register.close();
    await this.servers.emptyDatabase('register');
    this.opened = new Register(this.registerUrl);
    this.history = [];
    await this.coldroom('migrate');
  }

  /** Runs a command; fails if the command fails. Returns its output. */
  async coldroom(...words: readonly string[]): Promise<string> {
    const command = this.services.command(...words);
    const { code } = await command.exited;
    const said = command.lines.join('\n');
    if (code !== exitCodes.ok) throw new Error(`coldroom ${words.join(' ')} ended with ${code}:\n${said}`);
    return said;
  }

  async close(): Promise<void> {
    await this.services.killAll();
    await this.register.close();
    await this.copies.stop();
    await this.other?.stop();
    await this.servers.stop();
    this.mounted?.putAway();
    for (const unmount of this.unmounts) unmount();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async layOut(): Promise<void> {
    for (const root of ['ManagedRepository', 'Pixels', 'Files']) {
      mkdirSync(join(this.data, root), { recursive: true });
      await writeMarker(join(this.data, root), root);
    }
    mkdirSync(this.hold, { recursive: true });
    await writeMarker(this.hold, 'hold');
  }
}

function told(event: EventListing): string {
  return JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
