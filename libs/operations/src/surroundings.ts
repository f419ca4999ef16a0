import type { Register } from '@coldroom/register';
import type { readSettings, Settings } from '@coldroom/runtime';

type Part = Parameters<typeof readSettings>[0][number];

/** What an operation needs from the program that runs it: settings, and a register that is open while it is used. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  settings<P extends Part>(...parts: P[]): Settings<P>;
  register<T>(use: (register: Register) => Promise<T>): Promise<T>;
}
