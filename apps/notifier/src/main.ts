import '@coldroom/runtime/require-node';
import { startService } from '@coldroom/runtime';
import { notifierModule } from './notifier.module';
import { notifierParts } from './notifier-settings';

void startService('notifier', notifierParts, notifierModule);
