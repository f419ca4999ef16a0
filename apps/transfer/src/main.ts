import '@coldroom/runtime/require-node';
import { drainIfAsked, serviceParts } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { transferModule } from './transfer.module';

void startService('transfer', serviceParts, transferModule, drainIfAsked());
