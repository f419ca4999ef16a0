import '@coldroom/runtime/require-node';
import { startService } from '@coldroom/runtime';
import { importerModule, importerParts } from './importer.module';

void startService('importer', importerParts, importerModule);
