import '@coldroom/runtime/require-node';
import { serviceParts, Sweep } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { transferModule } from './transfer.module';

/** With `--drain` it ends when nothing is left to copy: for a Kubernetes Job. */
const drain = process.argv.includes('--drain');

void startService('transfer', serviceParts, transferModule, {
  ...(drain ? { until: (app) => app.get(Sweep, { strict: false }).drained() } : {}),
});
