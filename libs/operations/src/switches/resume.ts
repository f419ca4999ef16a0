import type { Register } from '@coldroom/register';
import { notFound } from '../failure';
import { stoppedSwitches } from './stopped';

export interface Resumed {
  readonly resumed: readonly string[];
  readonly stillStopped: readonly string[];
}

/**
 * Resumes one switch or, without a name, all. `Refused` `NO_SUCH_SWITCH` if the register has none of this name.
 * @param seenUntil what was stopped after this time stays stopped: whoever resumes has not seen it
 */
export async function resume(
  register: Register,
  name: string | undefined,
  by: string,
  seenUntil?: Date,
): Promise<Resumed> {
  const before = await register.switches.list();
  if (name !== undefined && !before.some((one) => one.name === name)) {
    const stopped = before.filter((one) => one.stopped).map((one) => one.name);
    throw notFound(
      `switch ${name}`,
      'NO_SUCH_SWITCH',
      stopped.length > 0 ? `stopped are ${stopped.join(', ')}` : 'nothing is stopped',
    );
  }
  const resumed = await register.switches.resume(name, by, seenUntil);
  return { resumed, stillStopped: (await stoppedSwitches(register)).map((one) => one.name) };
}
