import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, messageOf, Refused, Transient } from '@coldroom/domain';
import type { Server } from './server/server';
import type { Records } from './set/records';
import type { Gate } from './watch/gate';

/** With what a set is sent. */
export interface Agent {
  readonly server: Server;
  readonly records: Records;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  /** How often the server is asked about an import. */
  readonly pollMs: number;
  /** After so many attempts that fail, a set waits for the next round. */
  readonly attempts: number;
  readonly say: (line: string) => void;
}

/** How often a file of this machine is tried again. */
const mostLocal = 5;
const pauses = [1, 2, 5, 10, 30, 60, 300] as const;

/** Does it until it succeeds, with growing pauses. What will not pass by itself is thrown: `Refused`. So is the last failure. */
export async function persist<T>(
  { signal, say, attempts }: Pick<Agent, 'signal' | 'say' | 'attempts'>,
  act: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await act(attempt);
    } catch (error) {
      if (signal.aborted || attempt + 1 >= attempts || !mayPass(error, attempt)) throw error;
      const pause = pauses[Math.min(attempt, pauses.length - 1)] as number;
      say(`${codeOf(error)}: ${messageOf(error)} Next attempt in ${pause} s.`);
      await sleep(pause * 1000, undefined, { signal });
    }
  }
}

/** What the system reports of a file that another program holds, and of a share that is not there for a while. */
const passing: readonly string[] = ['EBUSY', 'EAGAIN', 'EIO', 'EMFILE', 'ENFILE', 'ETIMEDOUT', 'EPERM', 'EACCES'];

const mayPass = (error: unknown, attempt: number): boolean =>
  error instanceof Transient || (!(error instanceof Refused) && passing.includes(codeOf(error)) && attempt < mostLocal);
