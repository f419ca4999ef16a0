import { NotYet } from '@coldroom/domain';
import type { Register, Switch } from '@coldroom/register';

export async function stoppedSwitches({ switches }: Register): Promise<readonly Switch[]> {
  return (await switches.list()).filter((one) => one.stopped);
}

/**
 * What is stopped waits for a person, and a script must not wait for that: `NotYet` `STOPPED`. The request remains.
 * @param what was requested
 */
export async function refuseWhereStopped(
  register: Register,
  what: string,
  concerns: (name: string) => boolean = () => true,
): Promise<void> {
  const stopped = (await stoppedSwitches(register)).find((one) => concerns(one.name));
  if (stopped)
    throw new NotYet(
      'STOPPED',
      `${what}, but ${stopped.name} is stopped (${stopped.reason ?? 'no reason given'}): it continues after "coldroom resume"`,
    );
}
