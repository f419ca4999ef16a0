import { Transient } from '@coldroom/domain';
import { scannerTask, type Register, type Scan } from '@coldroom/register';
import { formatDuration } from '@coldroom/terminal';
import { waiting, type Waiting } from '../waiting';

const unseenMs = 10_000;
export const howToStartScanner = 'Start one with "npm start -- --only scanner", or all services with "npm start".';

export interface ScanProgress {
  readonly scan: Scan | undefined;
  readonly startedAt: Date | null;
  /** Scans that were requested before this one and are not finished. */
  readonly ahead: number;
  /** A scanner is running. It keeps other scanners out, and looks for requested scans at least every two seconds. */
  readonly isRunning: boolean;
}

/** Requests a scan from the scanner; returns its number. */
export async function requestScan(register: Register, by: string): Promise<bigint> {
  return register.scans.ask(by);
}

/**
 * Waits until the scanner has finished this scan. `Transient` `SCAN_NOT_DONE` after `limitMs`, and `NO_SCANNER` if none
 * is running, unless the caller is patient.
 */
export async function* untilScanned(
  register: Register,
  id: bigint,
  { isPatient, limitMs }: { readonly isPatient: boolean; readonly limitMs: number },
): AsyncGenerator<Waiting<ScanProgress>, Scan> {
  const begun = performance.now();
  const { scan } = yield* waiting({
    read: async () => {
      const now = await readProgress(register, id);
      if (!now.scan?.finishedAt && performance.now() - begun > limitMs) throw notDone(id, limitMs, now.isRunning);
      return now;
    },
    isOver: (now) => Boolean(now.scan?.finishedAt),
    stillMs: unseenMs,
    whenStill: ({ isRunning }) => {
      if (!isRunning && !isPatient) throw noScanner(id);
    },
  });
  return scan as Scan;
}

async function readProgress(register: Register, id: bigint): Promise<ScanProgress> {
  const isRunning = await register.isRunning(scannerTask);
  const scan = await register.scans.get(id);
  const start = await register.reports.scanStart(id);
  return { scan, startedAt: start?.startedAt ?? null, ahead: start?.ahead ?? 0, isRunning };
}

function notDone(id: bigint, limitMs: number, isRunning: boolean): Transient {
  return new Transient(
    'SCAN_NOT_DONE',
    `Scan ${id} was not done within ${formatDuration(limitMs)}${isRunning ? '' : ': no scanner is running'}. It stays asked for`,
  );
}

function noScanner(id: bigint): Transient {
  return new Transient(
    'NO_SCANNER',
    `No scanner is running: none was seen for ${unseenMs / 1000} s. ${howToStartScanner} Scan ${id} stays asked for and runs then; "coldroom scan --wait" waits for a scanner`,
  );
}
