import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { readSettings, type Settings } from '@coldroom/runtime';
import { environment } from './environment';
import { unavailableMessage, type ExitCode } from '@coldroom/operations';
import { Output } from './output';

type Part = Parameters<typeof readSettings>[0][number];

/** Runs a command's work and keeps its exit code. */
export type Act = (work: (context: Context) => Promise<ExitCode>) => Promise<void>;

const answerMs = 10_000;
const beatMs = 3000;

/** What every command works with. */
export class Context {
  readonly out: Output;

  constructor(private readonly options: { readonly json?: boolean; readonly env?: string }) {
    this.out = new Output(options.json ?? false);
  }

  get env(): NodeJS.ProcessEnv {
    return environment(this.options.env);
  }

  settings<P extends Part>(...parts: P[]): Settings<P> {
    return readSettings(parts, this.env);
  }

  /**
   * Opens the register for `use`. A PostgreSQL that does not answer at all for about ten seconds is `Transient`
   * `REGISTER_UNAVAILABLE`; a statement may take as long as it needs while the server answers others.
   */
  async register<T>(use: (register: Register) => Promise<T>): Promise<T> {
    const register = new Register(this.settings('register').REGISTER_DATABASE_URL, { applicationName: 'coldroom cli' });
    const ended = new AbortController();
    try {
      await answers(register);
      return await Promise.race([use(register), heartbeat(register, ended.signal)]);
    } finally {
      ended.abort();
      // Not waited for: a server that hangs would keep us.
      register.close().catch(() => undefined);
    }
  }
}

/** The person who decides, as far as the system knows. */
export function person(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // containers often have no name for it
  }
}

async function answers(register: Register): Promise<void> {
  const late = new AbortController();
  const limit = sleep(answerMs, undefined, { signal: late.signal }).then(() => {
    throw new Transient('REGISTER_UNAVAILABLE', unavailableMessage(`no answer within ${answerMs / 1000} s`));
  });
  limit.catch(() => undefined);
  try {
    await Promise.race([register.reports.clock(), limit]);
  } finally {
    late.abort();
  }
}

async function heartbeat(register: Register, ended: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(beatMs, undefined, { signal: ended, ref: false });
    await answers(register);
  }
}
