import { killAtCrashPoints } from '@coldroom/domain';

/** For drills: the command kills itself at the crash point that the environment names, as a service does. */
export function crashAsSet(env: NodeJS.ProcessEnv): void {
  killAtCrashPoints({ crashAt: env['COLDROOM_CRASH_AT'], freezeAt: env['COLDROOM_FREEZE_AT'] }, (signal) =>
    process.kill(process.pid, signal),
  );
}
