import type { INestApplicationContext } from '@nestjs/common';
import { LifeSigns } from './life-signs';
import { Sweep } from './sweep';

/** With the argument `--drain` a service ends when its stages have no work, as a Kubernetes Job does. */
export function drainIfAsked(): { readonly until?: (app: INestApplicationContext) => Promise<void> } {
  return process.argv.includes('--drain') ? { until: drain } : {};
}

async function drain(app: INestApplicationContext): Promise<void> {
  await app.get(Sweep, { strict: false }).drained();
  await app.get(LifeSigns, { strict: false }).endWithWork();
}
