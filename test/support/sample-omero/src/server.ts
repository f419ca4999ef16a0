import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { createOmeroSchema } from './create-schema';
import { Disk } from './disk';
import { Rows, type Row } from './rows';

/** A member of a group, acting in that group. */
export interface SampleUser {
  readonly id: number;
  readonly omename: string;
  readonly groupId: number;
  /** The group's permissions column; new objects are stored with it. */
  readonly permissions: number;
}

export interface SamplePlace {
  readonly databaseUrl: string;
  /** OMERO's data directory; `ManagedRepository`, `Pixels` and `Files` go below it. */
  readonly dataDir: string;
  /** The owner of the files if root writes them: the user of the official container (default), or root. */
  readonly owner?: 'omero' | 'self';
  /** On the same file system as `dataDir`, for files that are imported in place; `<dataDir>-outside` by default. */
  readonly outsideDir?: string;
  readonly seed?: number;
}

/** For an event at a moment of its own, in a session that exists. */
export interface EventOrigin {
  readonly session: number;
  readonly time: Date;
}

export interface OmeroEvent {
  readonly id: number;
  readonly experimenter: number;
  readonly group: number;
  readonly time: Date;
}

const MANAGED_UUID = '9e3c7a54-8d12-4b6f-a0c9-1f5b27d84e36';
const LEGACY_UUID = '2b8f60d1-7c35-4e9a-b4d8-630f9a1ce572';
const FIRST_DAY = Date.UTC(2019, 0, 7, 8, 0, 0, 123);
/** Between two imports; the odd milliseconds show in the fileset's directory. */
const STEP_MS = (7 * 60 + 13) * 1000 + 457;
const ROWS_A_FLUSH = 12_000;

/** Acts as the OMERO server: issues ids, writes events, rows and files. Close it to have everything written. */
export class OmeroServer {
  readonly managedUuid = MANAGED_UUID;
  /** The directories that imports share and whose rows exist. */
  readonly sharedDirectories = new Set<string>();
  private readonly sessions = new Map<number, number>();
  private time = FIRST_DAY;
  private lastEvent: OmeroEvent = { id: 0, experimenter: 0, group: 0, time: new Date(FIRST_DAY) };

  private constructor(
    readonly rows: Rows,
    readonly disk: Disk,
    private readonly nodeUuid: string,
    private readonly enumerations: ReadonlyMap<string, number>,
  ) {}

  static async open({
    databaseUrl,
    dataDir,
    outsideDir,
    owner = 'omero',
    seed = 1,
  }: SamplePlace): Promise<OmeroServer> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const made = await client.query<{ made: boolean }>(`SELECT to_regclass('public.dbpatch') IS NOT NULL AS made`);
    if (!made.rows[0]?.made) await createOmeroSchema(databaseUrl);
    const node = await client.query<{ uuid: string }>('SELECT uuid FROM node WHERE down IS NULL');
    const enumerations = await client.query<{ name: string; id: string }>(
      ['eventtype', 'checksumalgorithm', 'format', 'dimensionorder', 'pixelstype', 'jobstatus']
        .map((table) => `SELECT '${table}/' || value AS name, id FROM ${table}`)
        .join(' UNION ALL '),
    );
    const root = resolve(dataDir);
    const server = new OmeroServer(
      new Rows(client),
      new Disk(root, outsideDir ?? `${root}-outside`, owner, seed),
      node.rows[0]?.uuid ?? '',
      new Map(enumerations.rows.map(({ name, id }) => [name, Number(id)])),
    );
    await server.startUp();
    return server;
  }

  get client(): Client {
    return this.rows.client;
  }

  enumeration(table: string, value: string): number {
    const id = this.enumerations.get(`${table}/${value}`);
    if (id === undefined) throw new Error(`OMERO has no ${table} ${value}`);
    return id;
  }

  /** A new event, some minutes after the last if no origin is given. */
  async event(user: SampleUser, type: 'Import' | 'User' | 'Internal', origin?: EventOrigin): Promise<OmeroEvent> {
    if (!origin) this.time += STEP_MS;
    const time = origin?.time ?? new Date(this.time);
    const id = await this.rows.id('event');
    this.rows.add('event', {
      id,
      permissions: -820,
      time: timestamp(time),
      experimenter: user.id,
      experimentergroup: user.groupId,
      session: origin?.session ?? (await this.session(user, time)),
      type: this.enumeration('eventtype', type),
    });
    this.lastEvent = { id, experimenter: user.id, group: user.groupId, time };
    return this.lastEvent;
  }

  /** The columns that nearly every table has. */
  details(user: SampleUser, event: OmeroEvent): Row {
    return {
      permissions: user.permissions,
      version: 0,
      creation_id: event.id,
      update_id: event.id,
      owner_id: user.id,
      group_id: user.groupId,
    };
  }

  /** The name under which a file of a repository is inserted: the trigger removes the running node's uuid from it. */
  nameInRepository(name: string): string {
    return this.nodeUuid + name;
  }

  async log(event: OmeroEvent, entitytype: string, entityid: number): Promise<void> {
    this.rows.add('eventlog', {
      id: await this.rows.id('eventlog'),
      permissions: -35,
      action: 'INSERT',
      entitytype,
      entityid,
      event: event.id,
    });
  }

  /** Writes the waiting rows if there are many. */
  async breathe(): Promise<void> {
    if (this.rows.size >= ROWS_A_FLUSH) await this.flush();
  }

  async flush(): Promise<void> {
    await this.rows.flush(this.lastEvent);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.client.end();
    }
  }

  private async startUp(): Promise<void> {
    const { rows } = await this.client.query<{ last: string | null; repositories: number; files: string }>(
      `SELECT (SELECT (extract(epoch FROM max(e."time")) * 1000)::bigint FROM event e JOIN eventtype t ON t.id = e.type WHERE t.value = 'Import') AS last,
              (SELECT count(*)::int FROM originalfile WHERE mimetype = 'Repository') AS repositories,
              (SELECT coalesce(max(id), 0) FROM originalfile) AS files`,
    );
    this.disk.numberFrom(Number(rows[0]?.files));
    if (rows[0]?.last) this.time = Number(rows[0].last);
    if (rows[0]?.repositories === 0) await this.makeRepositories();
  }

  private async makeRepositories(): Promise<void> {
    const root: SampleUser = { id: 0, omename: 'root', groupId: 0, permissions: -52 };
    const event = await this.event(root, 'Internal');
    const { dataDir } = this.disk;
    const managed = join(dataDir, 'ManagedRepository');
    for (const [place, uuid] of [
      [managed, MANAGED_UUID],
      [dataDir, LEGACY_UUID],
      ['/opt/omero/server/OMERO.server/lib/scripts', 'ScriptRepo'],
    ] as const) {
      this.rows.add('originalfile', {
        ...this.details(root, event),
        group_id: 1,
        id: await this.rows.id('originalfile'),
        name: basename(place),
        path: `${dirname(place)}/`,
        hash: uuid,
        mimetype: 'Repository',
      });
    }
    const database = await this.client.query<{ value: string }>(
      `SELECT value FROM configuration WHERE name = 'omero.db.uuid'`,
    );
    for (const [place, uuid] of [
      ['ManagedRepository', MANAGED_UUID],
      ['.', LEGACY_UUID],
    ] as const) {
      const home = join(place, '.omero', 'repository', database.rows[0]?.value ?? '');
      this.disk.directory(home);
      const uuidFile = join(dataDir, home, 'repo_uuid');
      if (!existsSync(uuidFile)) {
        this.disk.lay(join(home, 'repo_uuid'), { name: 'repo_uuid', content: javaString(uuid) }, event.time);
        this.disk.lay(join(home, '.lock'), { name: '.lock', content: Buffer.alloc(0) }, event.time);
      }
    }
    for (const name of ['Pixels', 'Files', 'Thumbnails', 'BioFormatsCache']) this.disk.directory(name);
    await this.flush();
  }

  private async session(user: SampleUser, started: Date): Promise<number> {
    const known = this.sessions.get(user.id);
    if (known !== undefined) return known;
    const id = await this.rows.id('session');
    this.sessions.set(user.id, id);
    const uuid = createHash('md5')
      .update(`session ${id} of ${user.omename}`)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    this.rows.add('session', {
      id,
      permissions: -35,
      version: 0,
      uuid,
      started: timestamp(started),
      closed: timestamp(started),
      timetoidle: 600_000,
      timetolive: 0,
      defaulteventtype: 'User',
      owner: user.id,
      node: 1,
      useragent: 'OMERO.importer',
    });
    return id;
  }
}

/** As OMERO stores times: without a zone, in the server's (UTC in its container). */
export function timestamp(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}

/** java.io.DataOutput.writeUTF: two bytes of length, then the text. */
function javaString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}
