import { createInterface } from 'node:readline/promises';
import { nameOf, UsageError, withRegister, type Notice, type Surroundings } from '@coldroom/operations';
import type { Register } from '@coldroom/register';
import { readSettings, type Settings } from '@coldroom/runtime';
import { flat, harmless, type Lines } from '@coldroom/terminal';
import { environment } from './environment';
import { Output } from './output';
import { readToken, Server } from './server';

type Part = Parameters<typeof readSettings>[0][number];

/** A person answered no. */
export class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed';
}

export interface ContextOptions {
  readonly json?: boolean;
  readonly env?: string;
  readonly server?: string;
  readonly tokenFile?: string;
}

/** What every command works with. */
export class Context implements Surroundings {
  readonly out: Output;
  private readEnv: NodeJS.ProcessEnv | undefined;

  constructor(private readonly options: ContextOptions) {
    this.out = new Output(options.json ?? false);
  }

  /** Read once: `doctor` becomes the owner of OMERO's files, who may not be allowed to read the file with the passwords. */
  get env(): NodeJS.ProcessEnv {
    if (this.options.server !== undefined)
      throw new UsageError(
        'This command cannot be used with --server: it needs the databases. Run it where Coldroom is installed',
      );
    return (this.readEnv ??= environment(this.options.env));
  }

  settings<P extends Part>(...parts: P[]): Settings<P> {
    return readSettings(parts, this.env);
  }

  async register<T>(use: (register: Register) => Promise<T>): Promise<T> {
    return withRegister(this.settings('register').REGISTER_DATABASE_URL, 'coldroom cli', use);
  }

  get usesServer(): boolean {
    return this.options.server !== undefined;
  }

  /** Reads from the register or, with `--server`, from the REST API of a console. */
  async either<T>(here: (register: Register) => Promise<T>, there: (server: Server) => Promise<T>): Promise<T> {
    return this.usesServer ? there(this.server()) : this.register(here);
  }

  /** The console that `--server` names. */
  server(): Server {
    const { server = '', tokenFile } = this.options;
    if (tokenFile === undefined) throw new UsageError('--server needs --token-file, a file with an access token');
    return new Server(server, readToken(tokenFile));
  }

  /**
   * Asks a person before something changes; `yes` answers for them. Without a terminal to ask on, `--yes` is required.
   */
  async confirm(question: Lines, yes = false): Promise<void> {
    if (yes) return;
    if (this.out.json || !process.stdin.isTTY || !process.stderr.isTTY)
      throw new UsageError(
        'This changes something and there is no one to ask: repeat with --yes, or look first with --dry-run',
      );
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(`${flat(question).map(harmless).join('\n')} [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmed();
    } finally {
      terminal.close();
    }
  }

  readonly notify = (notice: Notice): void => {
    this.out.note(
      notice.kind === 'busy'
        ? `${notice.message}: tried again for up to ${notice.limitMs / 1000} s`
        : `Done before the failure: ${notice.targets.map(nameOf).join(' ')}. To repeat the whole command does no harm.`,
    );
  };
}
