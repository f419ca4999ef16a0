import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { programs } from './python';

export interface ScriptResult {
  /** What clients show. */
  readonly message: string | null;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The content of the file that the script gave as a result. */
  readonly table: string | null;
}

/** Launches scripts one after the other, signed in as anyone whose password is their login. */
export class ScriptLauncher {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  constructor(python: string, port: number) {
    this.child = spawn(python, ['-m', 'omero_server.launch', String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONPATH: programs, PYTHONDONTWRITEBYTECODE: '1' },
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** @param script its path on the server, such as `/coldroom/Archive_Images.py` */
  async launch(login: string, script: string, inputs: Readonly<Record<string, unknown>>): Promise<ScriptResult> {
    return (await this.answer({ login, script, inputs })) as ScriptResult;
  }

  /** As `omero script upload --official` does. */
  async install(login: string, path: string, text: string): Promise<void> {
    await this.answer({ login, path, text });
  }

  private async answer(work: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify(work)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`omero_server.launch ended at ${JSON.stringify(work)}: see the messages above`);
    return JSON.parse(value as string);
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    if (this.child.exitCode === null) await new Promise((resolve) => this.child.once('exit', resolve));
  }
}
