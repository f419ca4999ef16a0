import { setTimeout as sleep } from 'node:timers/promises';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { bufferMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { createToken } from '@coldroom/operations';
import { startConsole } from './console-process';
import { RunningConsole } from './running-console';
import { UploadFront } from './upload-front';

const main = join(__dirname, '../../../agent/dist/main.js');
/** A program that was built by tools/build-agent.mjs, to test that one instead. */
const built = process.env['TEST_AGENT_PROGRAM'];

export interface AgentEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A console with a buffer that takes uploads, HTTPS in front of it, and a workstation with real agents. */
export class AgentScene {
  private readonly agents = new Set<ChildProcess>();

  private constructor(
    readonly console: RunningConsole,
    readonly front: UploadFront,
    readonly sql: pg.Pool,
    readonly dir: string,
    readonly token: string,
  ) {}

  static async start(name: string, uploads: object = {}, mount?: (buffer: string) => void): Promise<AgentScene> {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-agent-'));
    for (const each of ['buffer', 'data', 'pc']) mkdirSync(join(dir, each));
    mount?.(join(dir, 'buffer'));
    for (const each of ['buffer/alice', 'data', 'pc']) mkdirSync(join(dir, each), { recursive: true });
    await writeMarker(join(dir, 'buffer'), bufferMarker('main'));
    const settings = { directory: join(dir, 'buffer'), uploads: { spare: '1MB', ...uploads } };
    writeFileSync(join(dir, 'imports.json'), JSON.stringify({ buffers: { main: settings } }));
    const imports = { file: join(dir, 'imports.json'), omeroDataDir: join(dir, 'OMERO') };
    const running = await RunningConsole.start(name, {
      imports,
      env: { OMERO_DATA_DIR: imports.omeroDataDir, COLDROOM_STORES: undefined },
    });
    const front = await UploadFront.start(dir, running.address);
    const sql = new pg.Pool({
      connectionString: running.settings.registerUrl,
      max: 1,
      options: '-c search_path=coldroom',
    });
    const scene = new AgentScene(running, front, sql, dir, await tokenOf(running, 'scope', ['alice']));
    scene.settings();
    return scene;
  }

  async stop(): Promise<void> {
    for (const agent of this.agents) agent.kill('SIGKILL');
    await this.front.close();
    await this.console.stop();
    await this.sql.end();
    rmSync(this.dir, { recursive: true });
  }

  /** The settings of the workstation. */
  settings(change: object = {}, token = this.token): void {
    writeFileSync(join(this.dir, 'pc/token'), `${token}\n`);
    const settings = {
      server: this.front.url,
      ca: this.front.certificate,
      token: 'token',
      state: 'state',
      every: '1s',
      ...change,
    };
    writeFileSync(join(this.dir, 'pc/agent.yml'), JSON.stringify(settings));
  }

  file(path: string | Buffer, content: string | Buffer = 'pixels'): Buffer {
    const at = Buffer.concat([Buffer.from(`${this.dir}/data/`), Buffer.from(path)]);
    mkdirSync(at.subarray(0, at.lastIndexOf(0x2f)), { recursive: true });
    writeFileSync(at, content);
    return at;
  }

  data(name: string): string {
    return join(this.dir, 'data', name);
  }

  buffer(...names: readonly string[]): string {
    return join(this.dir, 'buffer', ...names);
  }

  begin(...args: readonly string[]): {
    readonly process: ChildProcess;
    readonly ended: Promise<AgentEnd>;
    readonly says: (word: string) => Promise<void>;
  } {
    const [command = '', ...rest] = args;
    const all = [...(built === undefined ? [main] : []), command, ...rest, '--config', join(this.dir, 'pc/agent.yml')];
    const agent = spawn(built ?? process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.agents.add(agent);
    let [stdout, stderr] = ['', ''];
    agent.stdout.on('data', (text) => (stdout += text));
    agent.stderr.on('data', (text) => (stderr += text));
    const ended = once(agent, 'close').then(([code]) => {
      this.agents.delete(agent);
      return { code: code as number | null, stdout, stderr };
    });
    const says = async (word: string): Promise<void> => {
      while (!stderr.includes(word) && agent.exitCode === null) await sleep(50);
    };
    return { process: agent, ended, says };
  }

  async run(...args: readonly string[]): Promise<AgentEnd> {
    return this.begin(...args).ended;
  }

  /** Sends a set, and does not wait for its import. */
  async send(name: string, ...more: readonly string[]): Promise<AgentEnd> {
    return this.run(...this.sending(name), '--no-wait', ...more);
  }

  sending(name: string): readonly string[] {
    return ['send', this.data(name), '--target', 'Dataset:5', '--as', 'alice'];
  }

  /** Another console for the same buffer, in a process of its own; the workstation's requests go there from now on. */
  async otherConsole(crashAt = ''): Promise<Awaited<ReturnType<typeof startConsole>>> {
    const { file, omeroDataDir } = this.console.settings.imports ?? { file: '', omeroDataDir: '' };
    const env = { COLDROOM_IMPORTS: file, OMERO_DATA_DIR: omeroDataDir };
    const other = await startConsole(this.console, crashAt, env);
    this.front.target = other.address;
    return other;
  }

  /** What the importer records at the end of an import of all files. */
  async prove(where = 'true'): Promise<void> {
    await this.sql.query(
      `INSERT INTO import_file (order_id, path, display, size, identity, digests, original_file_id, proven_at)
       SELECT u.order_id, f.path, '', f.size, '1:1:1:1:1:1:1:1:1', jsonb_build_object('SHA-256', f.sha256), f.number, now()
       FROM upload u JOIN upload_file f ON f.upload_id = u.id WHERE u.order_id IS NOT NULL AND (${where}) ON CONFLICT DO NOTHING`,
    );
    await this.sql.query(
      `UPDATE import_order SET state = 'done', proven_at = now() WHERE state = 'ordered' AND id IN (SELECT order_id FROM upload)`,
    );
  }

  /** What the workstation knows of its sets. */
  async records(): Promise<
    readonly { readonly shown: string; readonly phase: string; readonly note: string | null }[]
  > {
    const { stdout } = await this.run('status', '--json');
    return (JSON.parse(stdout) as { sets: { shown: string; phase: string; note: string | null }[] }).sets;
  }

  async orders(): Promise<readonly { display: string; state: string; ordered_by: string }[]> {
    return (await this.sql.query('SELECT display, state, ordered_by FROM import_order ORDER BY id')).rows;
  }
}

export async function tokenOf(
  running: RunningConsole,
  name: string,
  people: readonly string[],
  buffer = 'main',
): Promise<string> {
  const workstation = { buffer, people };
  return (await createToken(running.register, { name, role: 'agent', workstation, days: 1, by: 'root' })).secret;
}

/** All files below a directory, with their sizes. */
export async function listing(directory: string): Promise<readonly string[]> {
  return new Promise((resolve) =>
    execFile('find', [directory, '-type', 'f', '-printf', '%P %s %T@\n'], { encoding: 'latin1' }, (_error, stdout) =>
      resolve(
        stdout
          .split('\n')
          .filter((line) => line !== '')
          .toSorted(),
      ),
    ),
  );
}
