import '@coldroom/runtime/require-node';
import { startService } from '@coldroom/runtime';
import { consoleModule } from './console.module';
import { consoleParts } from './console-settings';

void startService('console', consoleParts, consoleModule);
