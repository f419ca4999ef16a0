import '@coldroom/runtime/require-node';
import { serviceParts } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { transferModule } from './transfer.module';

void startService('transfer', serviceParts, (settings) => transferModule(settings, process.argv.includes('--drain')));
