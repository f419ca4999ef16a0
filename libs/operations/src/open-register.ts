import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { unavailableMessage } from './failure';

const answerMs = 10_000;
const beatMs = 3000;

/**
 * Opens the register for `use`. A PostgreSQL that does not answer at all for about ten seconds is `Transient`
 * `REGISTER_UNAVAILABLE`; a statement may take as long as it needs while the server answers others. `Refused`
 * `REGISTER_NEWER` if a newer version has migrated it.
 */
export async function withRegister<T>(
  url: string,
  applicationName: string,
  use: (register: Register) => Promise<T>,
): Promise<T> {
  const register = new Register(url, { applicationName });
  const ended = new AbortController();
  try {
    await answers(register);
    await register.reports.refuseNewer();
    return await Promise.race([use(register), heartbeat(register, ended.signal)]);
  } finally {
    ended.abort();
    // Not awaited: a server that hangs would block this process.
    register.close().catch(() => undefined);
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
