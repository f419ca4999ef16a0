import type { INestApplicationContext } from '@nestjs/common';
import { Sweep } from './sweep';

/** With the argument `--drain` a service ends when its stages have no work, as a Kubernetes Job does. */
export function drainIfAsked(): { readonly until?: (app: INestApplicationContext) => Promise<void> } {
  return process.argv.includes('--drain') ? { until: (app) => app.get(Sweep, { strict: false }).drained() } : {};
}
