import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ScriptLauncher, startOmeroServer, type RunningOmeroServer, type ScriptResult } from '@coldroom/omero-server';
import { createGroup, createUser, type SampleUser } from '@coldroom/sample-omero';
import type { ScanReport } from '../scan';
import { Scene } from './scene';

export const scripts = resolve(__dirname, '../../../../omero/scripts/coldroom');
export const scriptNames = readdirSync(scripts).filter((name) => name.endsWith('.py'));
const run = promisify(execFile);
const scriptPython = process.env['OMERO_SCRIPTS_PYTHON'];

type Groups = Readonly<Record<string, number>>;
type People = Readonly<
  Record<string, { readonly group: string } & Omit<Partial<Parameters<typeof createUser>[1]>, 'group'>>
>;

/** A scene whose OMERO can be signed in to, with people whose password is their login, and with the scripts installed. */
export class ScriptScene {
  private readonly signedIn = new Set<string>();

  private constructor(
    readonly scene: Scene,
    readonly server: RunningOmeroServer,
    readonly people: ReadonlyMap<string, SampleUser>,
    private readonly launcher: ScriptLauncher,
    private readonly dir: string,
  ) {}

  static async create(
    name: string,
    python: string,
    {
      groups,
      people,
      config = {},
      preparedScripts = true,
    }: { groups: Groups; people: People; config?: Readonly<Record<string, string>>; preparedScripts?: boolean },
  ): Promise<ScriptScene> {
    const scene = await Scene.create(name);
    const client = new Client({ connectionString: scene.omeroUrl });
    await client.connect();
    const made = new Map<string, SampleUser>();
    for (const [group, permissions] of Object.entries(groups)) {
      const it = await createGroup({ client }, group, permissions);
      for (const [omename, { group: theirs, ...more }] of Object.entries(people))
        if (theirs === group)
          made.set(
            omename,
            await createUser(
              { client },
              { omename, firstname: omename, lastname: 'X', password: omename, ...more, group: it },
            ),
          );
    }
    await client.end();
    const dir = await mkdtemp(join(tmpdir(), 'coldroom-scripts-'));
    const server = await startOmeroServer(python, {
      dir,
      databaseUrl: scene.omeroUrl,
      config,
      // Another version of OMERO's client library, where a person wants to try it.
      ...(scriptPython ? { scriptPython } : { preparedScripts }),
    });
    return new ScriptScene(scene, server, made, new ScriptLauncher(python, server.port), dir);
  }

  /** As `omero` would be called by an administrator or a user; answers what it prints. */
  async omero(command: readonly string[], login: string, words: readonly string[]): Promise<string> {
    if (!this.signedIn.has(login)) {
      this.signedIn.add(login);
      await this.omero(command, login, ['login', `${login}@127.0.0.1:${this.server.port}`, '-w', login]);
    }
    const [program, ...args] = command;
    const { stdout } = await run(program as string, [...args, '-q', ...words], {
      cwd: resolve(scripts, '..'),
      env: { ...process.env, OMERO_USERDIR: join(this.dir, login), OMERODIR: this.dir, OMERO_TMPDIR: this.dir },
      timeout: 60_000,
    });
    return stdout;
  }

  /** Launches a script of these, which must be installed. */
  async launch(login: string, name: string, inputs: Readonly<Record<string, unknown>>): Promise<ScriptResult> {
    return this.launcher.launch(login, `/coldroom/${name}.py`, inputs);
  }

  /** Installs scripts as this administrator. */
  async install(login: string, names: readonly string[] = scriptNames): Promise<void> {
    for (const name of names)
      await this.launcher.install(login, `coldroom/${name}`, readFileSync(join(scripts, name), 'utf8'));
  }

  /** What the scanner does with marks in a round. */
  async scan(): Promise<ScanReport> {
    await this.scene.keptMarks.run();
    await this.scene.withdrawalMarks.run();
    return this.scene.scan.run('test');
  }

  async close(): Promise<void> {
    await this.launcher.stop();
    await this.server.stop();
    await this.scene.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}
