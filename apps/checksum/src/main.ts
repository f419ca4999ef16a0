import '@coldroom/runtime/require-node';
import { drainIfAsked, serviceParts } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { checksumModule } from './checksum.module';

void startService('checksum', [...serviceParts, 'fixity'], checksumModule, drainIfAsked());
