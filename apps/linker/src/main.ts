import '@coldroom/runtime/require-node';
import { serviceParts } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { linkerModule } from './linker.module';

void startService('linker', [...serviceParts, 'hold'], linkerModule);
