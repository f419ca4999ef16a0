import type { BackupRun } from '@coldroom/register';
import { isBackupDue, isDrillDue } from './schedule';

const hourMs = 3_600_000;
/** By the clock of this machine, as the setting is. */
const at = (text: string): Date => new Date(text);
const now = at('2026-11-29T12:00:00');

function run(startedAt: string, change: Partial<BackupRun> = {}): BackupRun {
  return {
    ...{ id: 1n, kind: 'backup', database: 'register', place: 'directory', shown: '/backup', startedBy: 'backup' },
    ...{ name: 'x.dump', bytes: 1n, code: null, reason: null, report: null },
    startedAt: at(startedAt),
    finishedAt: at(startedAt),
    ...change,
  };
}
const failed = { code: 'BACKUP_NO_SPACE', reason: 'x' };

describe('a backup is due', () => {
  it.each<[string, boolean, readonly BackupRun[]]>([
    ['if there never was one', true, []],
    ['not after the one of today', false, [run('2026-11-29T02:30:01')]],
    ['if that of today was missed', true, [run('2026-11-28T02:30:01')]],
    ['at once if the last one was stopped', true, [run('2026-11-29T11:59:00', { ...failed, code: 'BACKUP_STOPPED' })]],
    ['at once if the last one was killed', true, [run('2026-11-29T11:59:00', { finishedAt: null })]],
    ['not within an hour of a failure', false, [run('2026-11-29T11:30:00', failed)]],
    ['an hour after a failure', true, [run('2026-11-29T10:30:00', failed)]],
    [
      'an hour after one of several failed',
      true,
      [run('2026-11-29T02:31:00'), run('2026-11-29T02:30:00', { ...failed, database: 'omero' })],
    ],
    [
      'not if what failed has succeeded since',
      false,
      [run('2026-11-29T04:00:00', { database: 'omero' }), run('2026-11-29T02:30:00', { ...failed, database: 'omero' })],
    ],
  ])('%s', (_when, due, runs) => {
    expect(isBackupDue('02:30', runs, now)).toBe(due);
  });

  it('at the time of day that is set', () => {
    const last = [run('2026-11-28T02:30:00')];
    expect(isBackupDue('02:30', last, at('2026-11-29T02:29:59'))).toBe(false);
    expect(isBackupDue('02:30', last, at('2026-11-29T02:30:00'))).toBe(true);
  });
});

describe('a drill is due', () => {
  const month = 30 * 24 * hourMs;
  it.each<[string, boolean, number, readonly BackupRun[]]>([
    ['never, if it is turned off', false, 0, []],
    ['if there never was one', true, month, []],
    ['not before the period is over', false, month, [run('2026-11-01T03:00:00')]],
    ['after the period', true, month, [run('2026-10-29T03:00:00')]],
    ['not on the day of a failure', false, month, [run('2026-11-29T03:00:00', failed)]],
    ['on the day after a failure', true, month, [run('2026-11-28T03:00:00', failed)]],
    ['at once if it was killed', true, month, [run('2026-11-29T11:00:00', { finishedAt: null })]],
  ])('%s', (_when, due, everyMs, runs) => {
    expect(isDrillDue(everyMs, runs, now)).toBe(due);
  });
});
