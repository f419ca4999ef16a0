import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { showProgress, showSwitches, stageOf } from '@coldroom/pipeline';
import { Register, type BackupState, type Figures, type Held, type Scan, type StoreHealth } from '@coldroom/register';
import { workStates } from '@coldroom/domain';

const gauge = (name: string, help: string, ...labelNames: readonly string[]): Gauge =>
  new Gauge({ name: `coldroom_${name}`, help, labelNames });

const oldestDue = gauge('oldest_due_bag_seconds', 'How long the oldest due bag of a stage has waited', 'stage');
const stuck = gauge('stuck_files', 'Files that are stuck now, by code', 'code');
const pendingMarks = gauge('pending_marks', 'Images whose marks in OMERO do not yet match the register');
const heldFiles = gauge('held_files', 'Originals that are held beside their links');
const heldBytes = gauge('held_bytes', 'Bytes of held originals');
const nextRelease = gauge('next_release_timestamp_seconds', 'When the next held originals are due to be released');
const scanEnd = gauge('scan_finished_timestamp_seconds', 'When the last scan ended');
const scanSeconds = gauge('scan_duration_seconds', 'How long the last scan took');
const scanMarks = gauge('scan_marks', 'Marks that the last scan read');
const scanFailed = gauge('scan_failed', '1 if the last scan failed');
const storeAvailable = gauge('store_available', '1 if the store was available at the last look', 'store');
const storeFree = gauge('store_free_bytes', 'Free space in the fullest directory of the store', 'store');
const storeSize = gauge('store_size_bytes', 'Size of the file system of that directory', 'store');
const storeLook = gauge('store_looked_timestamp_seconds', 'When the store was last looked at', 'store');
const backupEnd = gauge('backup_finished_timestamp_seconds', 'When the last good backup was made', 'database', 'place');
const backupBytes = gauge('backup_bytes', 'Size of the last good backup', 'database', 'place');
const backupFailures = gauge('backup_failures', 'Backups that failed since the last good one', 'database', 'place');

const everyMs = 10_000;

/** Shows what the register counts. Only the scanner does: replicas of other services would each show it again. */
@Injectable()
export class RegisterMetrics {
  private next = 0;

  constructor(private readonly register: Register) {}

  /** May be called often: reads every ten seconds. */
  async show(): Promise<void> {
    if (performance.now() < this.next) return;
    this.next = performance.now() + everyMs;
    const { register } = this;
    showProgress(await register.reports.progress());
    showSwitches(await register.switches.list());
    showFigures(await register.figures(workStates));
    showHeld(await register.meaning.held());
    showScan(await register.scans.last());
    showStores(await register.storeHealth.list());
    showBackups(await register.backupRuns.states());
  }
}

function showFigures(figures: Figures): void {
  oldestDue.reset();
  for (const state of workStates) oldestDue.set({ stage: stageOf[state] }, 0);
  for (const { state, seconds } of figures.due) oldestDue.set({ stage: stageOf[state] }, seconds);
  stuck.reset();
  for (const { code, files } of figures.stuck) stuck.set({ code }, files);
  pendingMarks.set(figures.pendingMarks);
}

function showHeld({ files, bytes, from }: Held): void {
  heldFiles.set(files);
  heldBytes.set(Number(bytes));
  if (from) nextRelease.set(from.getTime() / 1000);
  else nextRelease.remove();
}

function showScan(scan: Scan | undefined): void {
  if (!scan?.finishedAt) return;
  const { startedAt, finishedAt, failed, report } = scan;
  scanEnd.set(finishedAt.getTime() / 1000);
  if (startedAt) scanSeconds.set((finishedAt.getTime() - startedAt.getTime()) / 1000);
  scanFailed.set(failed === null ? 0 : 1);
  if (typeof report?.['marks'] === 'number') scanMarks.set(report['marks']);
}

function showStores(stores: readonly StoreHealth[]): void {
  for (const each of [storeAvailable, storeFree, storeSize, storeLook]) each.reset();
  for (const { name: store, fault, freeBytes, totalBytes, lookedAt } of stores) {
    storeAvailable.set({ store }, fault === null ? 1 : 0);
    storeLook.set({ store }, lookedAt.getTime() / 1000);
    if (freeBytes !== null) storeFree.set({ store }, Number(freeBytes));
    if (totalBytes !== null) storeSize.set({ store }, Number(totalBytes));
  }
}

function showBackups(states: readonly BackupState[]): void {
  for (const each of [backupEnd, backupBytes, backupFailures]) each.reset();
  for (const { database, place, succeededAt, bytes, failures } of states) {
    backupFailures.set({ database, place }, failures);
    if (succeededAt !== null) backupEnd.set({ database, place }, succeededAt.getTime() / 1000);
    if (bytes !== null) backupBytes.set({ database, place }, Number(bytes));
  }
}
