import { startFakeOmeroWeb, type FakeOmeroWeb } from '@coldroom/fake-omero-web';
import { createDatabase, freePort } from '@coldroom/local';
import { migrate, Register, type NewFile, type Roster } from '@coldroom/register';
import { describeSettings, Log, Readiness } from '@coldroom/runtime';
import { ConsoleServer } from '../console-server';
import type { ConsoleSettings } from '../console-settings';

/** alice owns and asks; lea leads the lab; dora is the data manager; olga has nothing to do with it; root administers. */
export const people = { root: 0n, alice: 7n, lea: 8n, dora: 9n, olga: 10n, ada: 11n } as const;
export type Login = keyof typeof people;
export const lab = 3n;

const roster: Roster = {
  people: Object.entries(people).map(([login, id]) => ({
    id,
    login,
    fullName: login === 'alice' ? '<b>Alice</b> "Meyer"' : login,
    email: `${login}@example.org`,
    active: true,
    administrator: login === 'root',
    withheld: [],
  })),
  groups: [{ id: lab, name: 'lab' }],
  memberships: [
    { groupId: lab, personId: people.alice, leader: false },
    { groupId: lab, personId: people.lea, leader: true },
  ],
};

/** A console on a register of its own, with a stand-in for OMERO.web; each password is the login name. */
export class RunningConsole {
  private constructor(
    readonly register: Register,
    readonly omeroWeb: FakeOmeroWeb,
    readonly settings: ConsoleSettings,
    private readonly server: ConsoleServer,
    readonly address: string,
  ) {}

  static async start(name: string, change: Partial<ConsoleSettings> = {}): Promise<RunningConsole> {
    const registerUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `console_${name}`, {
      existing: 'drop',
    });
    await migrate(registerUrl);
    const register = new Register(registerUrl);
    await register.people.mirror(roster);
    const accounts = Object.entries(people).map(([login, id]) => ({
      id: Number(id),
      username: login,
      password: login,
    }));
    const omeroWeb = await startFakeOmeroWeb({ accounts });
    const settings: ConsoleSettings = {
      registerUrl,
      redisUrl: process.env['TEST_REDIS_URL'] as string,
      queuePrefix: `console_${name}`,
      queuesReadOnly: true,
      url: 'http://127.0.0.1/coldroom/',
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      sessionSecret: 'a secret of tests, long enough for it',
      sessionIdleMs: 60_000,
      sessionMaxMs: 600_000,
      omeroWeb: { url: omeroWeb.url, timeoutMs: 2000 },
      roles: { managers: ['dora'], administrators: [], auditors: ['ada'] },
      policy: { leadersDecide: false, fourEyes: false },
      apiRate: 10_000,
      described: describeSettings({}),
      env: { OMERO_DATA_DIR: undefined, COLDROOM_STORES: undefined },
      ...change,
    };
    const server = new ConsoleServer(settings, new Register(registerUrl), new Readiness(), new Log('console', 'error'));
    await server.onApplicationBootstrap();
    const address = (await server.address()).replace('[::1]', '127.0.0.1');
    return new RunningConsole(register, omeroWeb, settings, server, address);
  }

  /** At the address that its settings name, as browsers compare the two. */
  static async startForBrowsers(name: string, change: Partial<ConsoleSettings> = {}): Promise<RunningConsole> {
    const port = await freePort();
    return RunningConsole.start(name, { port, url: `http://127.0.0.1:${port}/coldroom/`, ...change });
  }

  async stop(): Promise<void> {
    await this.server.beforeApplicationShutdown();
    await this.omeroWeb.close();
    await this.register.close();
  }

  /** A New request of alice in the lab; each fileset has two files and two images, one of them marked. */
  async newRequest(name = 'image.tif', filesets = 1): Promise<bigint> {
    const parts = Array.from({ length: filesets }, () => (count += 1)).flatMap((nr) => [
      { nr, part: 1 },
      { nr, part: 2 },
    ]);
    async function* once<T>(value: T): AsyncGenerator<T> {
      yield value;
    }
    const images = parts.map(({ nr, part }) => ({
      imageId: BigInt(nr * 10 + part),
      name,
      fileset: `Fileset:${nr}`,
      marked: part === 1,
    }));
    return this.register.requests.create(
      {
        ownerId: people.alice,
        owner: 'alice',
        groupId: lab,
        group: 'lab',
        requesterId: people.alice,
        requester: 'alice',
      },
      { images: once(images), files: once(parts.map(fileOf)) },
      'test',
    );
  }
}

function fileOf({ nr, part }: { readonly nr: number; readonly part: number }): NewFile {
  const path = `alice/${nr}/${part}.tif`;
  return {
    root: 'ManagedRepository',
    path: Buffer.from(path),
    display: path,
    fileset: `Fileset:${nr}`,
    size: 1n << 30n,
    originalFileId: BigInt(nr * 10 + part),
    pixelsId: null,
    omeroHash: null,
    verdict: { take: { ...identity, ino: BigInt(nr * 10 + part) } },
  };
}

const identity = {
  dev: 1n,
  ino: 1n,
  size: 1n << 30n,
  mtimeNs: 1n,
  ctimeNs: 1n,
  links: 1,
  mode: 0o100644,
  uid: 1,
  gid: 1,
};
let count = 0;
