import '@coldroom/runtime/require-node';
import { startService } from '@coldroom/runtime';
import { backupModule } from './backup.module';
import { backupParts } from './backup-settings';

void startService('backup', backupParts, backupModule);
