import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One file as the appliance holds it. */
export interface Holding {
  readonly id: string;
  /** As the appliance names it, bytes as latin1, no leading slash. */
  readonly path: string;
  readonly directory: boolean;
  readonly size: number;
  readonly md5: string;
  readonly mode: number;
  readonly modified: number;
  /** When it was copied, in milliseconds: its ctime, which no program can set. */
  readonly copied: number;
  /** In the local cache. */
  readonly local: boolean;
  /** Of the file on disk when the MD5 was computed. */
  readonly version: string;
}

/** A job that the appliance was asked to do, and whose progress can be queried. */
export interface Order {
  readonly id: string;
  readonly kind: 'release' | 'ingest-manifest' | 'restore-request';
  readonly path: string;
  readonly requested: number;
  readonly done?: true;
  readonly told?: {
    readonly size: string;
    readonly checksum: string;
    readonly checksumAlgorithm: string;
    readonly compressionAlgorithm: string;
  };
}

interface State {
  readonly holdings: Record<string, Holding>;
  readonly orders: Record<string, Order>;
}

/** The files on the mount, by their real MD5, and the requests; kept in a file through restarts. */
export class Holdings {
  private readonly file: string;
  private readonly state: State;

  constructor(
    dir: string,
    private readonly mount: string,
  ) {
    mkdirSync(dir, { recursive: true });
    this.file = join(dir, 'state.json');
    this.state = existsSync(this.file)
      ? (JSON.parse(readFileSync(this.file, 'utf8')) as State)
      : { holdings: {}, orders: {} };
  }

  /** The file that it holds under this path: looked up on the mount, or remembered if it is gone from there. */
  async at(path: string): Promise<Holding | undefined> {
    const known = this.state.holdings[path];
    const whole = Buffer.concat([Buffer.from(`${this.mount}/`), Buffer.from(path, 'latin1')]);
    const stats = lstatSync(whole, { bigint: true, throwIfNoEntry: false });
    if (!stats || (!stats.isFile() && !stats.isDirectory())) return known;
    const version = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
    if (known?.version === version) return known;
    const holding = {
      ...described(stats),
      id: known?.id ?? randomUUID(),
      path,
      md5: stats.isFile() ? await md5Of(whole) : '',
      local: known?.local ?? true,
      version,
    };
    this.state.holdings[path] = holding;
    this.save();
    return holding;
  }

  withId(id: string): Holding | undefined {
    return Object.values(this.state.holdings).find((holding) => holding.id === id);
  }

  /** Brings a file into the local cache, or drops it from there. */
  setLocal(path: string, local: boolean): void {
    const holding = this.state.holdings[path];
    if (!holding) throw new Error(`the appliance holds no "${path}"`);
    this.state.holdings[path] = { ...holding, local };
    this.save();
  }

  order(kind: Order['kind'], path: string, told?: Order['told']): Order {
    const order = { id: randomUUID(), kind, path, requested: Date.now(), ...(told ? { told } : {}) };
    this.state.orders[order.id] = order;
    this.save();
    return order;
  }

  /** Requests to restore this file that are not fulfilled yet. */
  restoresOf(path: string): readonly Order[] {
    return Object.values(this.state.orders).filter(
      (order) => order.kind === 'restore-request' && order.path === path && !order.done,
    );
  }

  /** Brings the file of such a request online. */
  restore(order: Order): void {
    if (order.done) return;
    this.state.orders[order.id] = { ...order, done: true };
    this.setLocal(order.path, true);
  }

  orderOf(kind: Order['kind'], id: string): Order | undefined {
    const order = this.state.orders[id];
    return order?.kind === kind ? order : undefined;
  }

  private save(): void {
    writeFileSync(`${this.file}.part`, JSON.stringify(this.state));
    renameSync(`${this.file}.part`, this.file);
  }
}

function described(stats: BigIntStats): Pick<Holding, 'directory' | 'size' | 'mode' | 'modified' | 'copied'> {
  return {
    directory: stats.isDirectory(),
    size: Number(stats.size),
    mode: Number(stats.mode),
    modified: Number(stats.mtimeMs),
    copied: Number(stats.ctimeMs),
  };
}

export async function md5Of(path: string | Buffer): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
