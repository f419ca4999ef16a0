import type { Settings } from '@coldroom/runtime';

export const backupParts = ['register', 'backup', 'drill'] as const;
export type BackupSettings = Settings<(typeof backupParts)[number] | 'service'>;
