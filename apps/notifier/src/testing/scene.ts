import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase } from '@coldroom/local';
import { TestSmtp } from '@coldroom/mail/testing';
import {
  mailStates,
  migrate,
  Register,
  type NewFile,
  type NewRequest,
  type Person,
  type Roster,
} from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';

const person = (id: bigint, login: string, change: Partial<Person> = {}): Person => ({
  id,
  login,
  fullName: `${login} Meyer`,
  email: `${login}@example.org`,
  active: true,
  administrator: false,
  withheld: [],
  ...change,
});

/** alice requests and owns; olga owns, too; dora is the data manager. */
export const alice = person(7n, 'alice');
export const olga = person(8n, 'olga');
export const dora = person(9n, 'dora');

let made = 0;

/** A register with people, an SMTP server, and notifiers as processes of their own. */
export class Scene {
  private readonly started: RunningService[] = [];
  readonly lines: string[] = [];

  private constructor(
    readonly register: Register,
    readonly smtp: TestSmtp,
    readonly sql: pg.Pool,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async create(name: string): Promise<Scene> {
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `notifier_${name}`, {
      existing: 'drop',
    });
    await migrate(url);
    const smtp = await TestSmtp.start();
    const scene = new Scene(
      new Register(url),
      smtp,
      new pg.Pool({ connectionString: url, max: 2, options: '-c search_path=coldroom' }),
      {
        REGISTER_DATABASE_URL: url,
        REDIS_URL: process.env['TEST_REDIS_URL'] as string,
        COLDROOM_QUEUE_PREFIX: `notifier-${name}`,
        COLDROOM_URL: 'https://facility.example.org/coldroom',
        COLDROOM_MANAGERS: 'no-one', // no digest of requests that wait for a moment only
        COLDROOM_SWEEP_EVERY: '100ms',
        COLDROOM_LEASE: '4s',
        METRICS_PORT: '0',
        SMTP_URL: `smtp://localhost:${smtp.port}?tls=none`,
        MAIL_FROM: 'Coldroom <coldroom@example.org>',
        MAIL_ADMINS: 'admin@example.org',
      },
    );
    await scene.people(alice, olga, dora);
    await scene.register.mailEvents.begin();
    return scene;
  }

  async people(...people: readonly Person[]): Promise<void> {
    const roster: Roster = { people, groups: [{ id: 3n, name: 'lab' }], memberships: [] };
    await this.register.people.mirror(roster);
  }

  /** Starts a notifier from its built program. */
  start(env: Readonly<Record<string, string>> = {}): RunningService {
    const service = startService({
      name: 'notifier',
      main: join(__dirname, '..', '..', 'dist', 'main.js'),
      env: { ...this.env, ...env },
      onLine: (line) => this.lines.push(line),
    });
    this.started.push(service);
    return service;
  }

  /** So many data managers in the OMERO group `managers`, besides the others. */
  async managers(count: number): Promise<void> {
    const managers = Array.from({ length: count }, (_, nr) => person(BigInt(1000 + nr), `manager${nr}`));
    await this.register.people.mirror({
      people: [alice, olga, dora, ...managers],
      groups: [{ id: 5n, name: 'managers' }],
      memberships: managers.map(({ id }) => ({ groupId: 5n, personId: id, leader: false })),
    });
  }

  /** A New request of one fileset that olga owns and alice asked for, or that a policy proposes. */
  async request(files = 2, proposal?: NewRequest['proposal']): Promise<bigint> {
    const nr = (made += 1);
    return this.register.requests.create(
      {
        ownerId: olga.id,
        owner: 'olga',
        groupId: 3n,
        group: 'lab',
        requesterId: alice.id,
        requester: 'alice',
        ...(proposal && { proposal }),
      },
      {
        images: once([{ imageId: BigInt(nr), name: `image ${nr}`, fileset: `Fileset:${nr}`, marked: true }]),
        files: once(Array.from({ length: files }, (_, at) => newFile(nr, at))),
      },
      'scanner',
      [{ by: 'alice', expiry: '10', description: 'Zebrafish <line 7>', reason: 'published', imageIds: [BigInt(nr)] }],
    );
  }

  async until<T>(what: string, found: () => Promise<T | undefined> | T | undefined, limitMs = 20_000): Promise<T> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const value = await found();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}\n${this.lines.slice(-30).join('\n')}`);
      await sleep(50);
    }
  }

  /** Waits until the outbox has so many mails in these states, and no others. */
  async settled(sent: number, other: Readonly<Record<string, number>> = {}): Promise<void> {
    const none = Object.fromEntries(mailStates.map((state) => [state, 0]));
    const wanted = { ...none, ...other, sent };
    await this.until(`mails to be ${JSON.stringify(wanted)}`, async () => {
      const counts = await this.register.outbox.counts();
      return Object.entries(wanted).every(([state, count]) => counts[state as keyof typeof counts] === count);
    });
  }

  async killAll(): Promise<void> {
    await Promise.all(this.started.splice(0).map((service) => service.kill()));
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.smtp.close();
    await this.sql.end();
    await this.register.close();
  }
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

function newFile(nr: number, at: number): NewFile {
  const size = 1000n;
  return {
    fileset: `Fileset:${nr}`,
    root: 'ManagedRepository',
    path: Buffer.from(`${nr}/${at}.tif`),
    display: `${nr}/${at}.tif`,
    size,
    originalFileId: null,
    pixelsId: null,
    omeroHash: null,
    verdict: {
      take: { dev: 1n, ino: BigInt(at), size, mtimeNs: 1n, ctimeNs: 1n, links: 1, mode: 0o100644, uid: 1, gid: 1 },
    },
  };
}
