import { Module, type DynamicModule } from '@nestjs/common';
import { refuseWithoutPlace, type Surroundings } from '@coldroom/operations';
import { LifeSigns, SERVICE_NAME } from '@coldroom/pipeline';
import { migrate, Register } from '@coldroom/register';
import { processEnvironment, readSettings } from '@coldroom/runtime';
import { BackupEnd, BackupStart } from './backup-life';
import type { BackupSettings } from './backup-settings';
import { PLAN, Rounds, SURROUNDINGS, type Plan } from './rounds';

@Module({})
class BackupModule {}

const longestRoundMs = 60_000;

/** `Refused` `BACKUP_NOT_CONFIGURED` if no place is set. */
export function backupModule(settings: BackupSettings): DynamicModule {
  refuseWithoutPlace(settings);
  const plan: Plan = {
    at: settings.COLDROOM_BACKUP_AT,
    drillEveryMs: canDecrypt(settings) ? settings.COLDROOM_DRILL_EVERY : 0,
    roundMs: Math.min(longestRoundMs, settings.COLDROOM_SWEEP_EVERY),
  };
  return {
    module: BackupModule,
    providers: [
      {
        provide: Register,
        useFactory: async () => {
          await migrate(settings.REGISTER_DATABASE_URL);
          return new Register(settings.REGISTER_DATABASE_URL, { applicationName: 'coldroom backup' });
        },
      },
      { provide: SURROUNDINGS, inject: [Register], useFactory: surroundings },
      { provide: PLAN, useValue: plan },
      { provide: SERVICE_NAME, useValue: 'backup' },
      LifeSigns,
      Rounds,
      BackupStart,
      BackupEnd,
    ],
  };
}

/** Where the private key is kept elsewhere, as it should be, drills are made elsewhere, too. */
function canDecrypt(settings: BackupSettings): boolean {
  const isEncrypted = settings.COLDROOM_BACKUP_AGE_RECIPIENT ?? settings.COLDROOM_BACKUP_GPG_KEY;
  return isEncrypted === undefined || settings.COLDROOM_BACKUP_IDENTITY !== undefined;
}

function surroundings(register: Register): Surroundings {
  const env = processEnvironment();
  return { env, settings: (...parts) => readSettings(parts, env), register: (use) => use(register) };
}
