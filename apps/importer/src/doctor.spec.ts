import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { omeroCommand } from '@coldroom/omero-server';
import { script } from './testing/scene';
import { ServiceScene } from './testing/service-scene';

const bin = join(__dirname, '../../cli/bin/coldroom.js');

interface Report {
  readonly prepared: readonly string[];
  readonly findings: readonly {
    readonly level: string;
    readonly about: string;
    readonly found: string;
    readonly next?: string;
  }[];
}

async function doctor(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Report> {
  const child = spawn(process.execPath, [bin, 'doctor', '--json', ...words], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Report;
}

const command = omeroCommand();
(command ? describe : describe.skip)('coldroom doctor --import', () => {
  let scene: ServiceScene;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    scene = await ServiceScene.make(command!);
    env = scene.env;
    mkdirSync(env['IMPORT_STATE_DIR']!, { recursive: true });
    chmodSync(env['IMPORT_STATE_DIR']!, 0o700);
  });
  afterAll(() => scene.close());

  const bad = ({ findings }: Report): readonly string[] =>
    findings
      .filter(({ level }) => level === 'fault')
      .map(({ about, found, next = '' }) => `${about}: ${found} -> ${next}`);

  test('finds nothing wrong where imports work, and opens no session that stays', async () => {
    const report = await doctor(['--import'], env);
    expect(bad(report)).toEqual([]);
    const about = new Set(report.findings.map((each) => each.about));
    for (const each of [
      'settings',
      'register',
      'redis',
      'omero',
      'java',
      'OMERO client',
      'OMERO import role',
      'OMERO account',
      'buffer main',
      'ManagedRepository',
    ])
      expect([...about]).toContain(each);
    expect(
      await scene.omero.value('SELECT count(*)::int FROM session WHERE closed IS NULL AND timetolive = 60000'),
    ).toBe(0);
    const secrets = [env['IMPORT_OMERO_PASSWORD'], 'of a test'];
    for (const secret of secrets) expect(JSON.stringify(report.findings)).not.toContain(`"${secret}"`);
  });

  test('says what to do about each fault, all in one run', async () => {
    chmodSync(env['IMPORT_STATE_DIR']!, 0o755);
    const broken = join(scene.omero.dir, 'broken');
    mkdirSync(broken);
    script(broken, 'java', 'echo no memory >&2; exit 3');
    const found = bad(
      await doctor(['--import'], {
        ...env,
        IMPORT_OMERO_PORT: '1',
        IMPORT_OMERO_CLIENT_DIR: join(scene.omero.dir, 'none'),
        IMPORT_OMERO_DATABASE_URL: `${scene.omero.databaseLogin.replace(/[^/]*$/, '')}${new URL(env['REGISTER_DATABASE_URL']!).pathname.slice(1)}`,
        PATH: `${broken}:${env['PATH']}`,
      }),
    );
    chmodSync(env['IMPORT_STATE_DIR']!, 0o700);
    const expected = [
      'java: does not start: no memory -> apt-get install',
      'OMERO client: .*none cannot be read .* -> copy lib/client of OMERO.server',
      'OMERO import role: .* -> psql .*omero-import-grants.sql',
      'OMERO account: admin: OMERO.server does not answer',
      'state directory: others may enter .* -> chmod 0700',
    ];
    for (const each of expected) expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${each}`)));
  });

  test.each([
    [{ IMPORT_OMERO_PASSWORD: 'wrong' }, 'its password is refused', 'IMPORT_OMERO_PASSWORD'],
    [
      { IMPORT_OMERO_USER: 'alice', IMPORT_OMERO_PASSWORD: 'alice' },
      'may not open sessions of others',
      'Sudo and ReadSession',
    ],
  ])('with %j the account: %s', async (change, what, next) => {
    const found = bad(await doctor(['--import'], { ...env, ...change }));
    expect(found).toEqual([expect.stringMatching(new RegExp(`^OMERO account: .*${what} -> .*${next}`))]);
  });

  test('doctor --prepare marks buffers and import roots', async () => {
    const dir = join(scene.omero.dir, 'new');
    mkdirSync(join(dir, 'copies'), { recursive: true });
    mkdirSync(join(dir, 'buffer'));
    const imports = join(dir, 'imports.yml');
    writeFileSync(
      imports,
      JSON.stringify({ buffers: { other: { directory: join(dir, 'buffer'), sync: join(dir, 'copies') } } }),
    );
    const { prepared } = await doctor(['--prepare', '--yes'], { ...env, COLDROOM_IMPORTS: imports });
    expect(prepared.filter((line) => line.includes(dir))).toEqual([
      expect.stringContaining('as "buffer:other"'),
      expect.stringContaining('as "import-root:other"'),
    ]);
    expect(JSON.parse(readFileSync(join(dir, 'copies', '.coldroom-root'), 'utf8'))).toMatchObject({
      name: 'import-root:other',
    });
  });
});
