import '@coldroom/runtime/require-node';
import { serviceParts } from '@coldroom/pipeline';
import { startService } from '@coldroom/runtime';
import { ingestWatcherModule } from './ingest-watcher.module';

void startService('ingest-watcher', serviceParts, ingestWatcherModule);
