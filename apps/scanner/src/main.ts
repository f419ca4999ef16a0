import '@coldroom/runtime/require-node';
import { startService } from '@coldroom/runtime';
import { scannerModule, scannerParts } from './scanner.module';

void startService('scanner', scannerParts, scannerModule);
