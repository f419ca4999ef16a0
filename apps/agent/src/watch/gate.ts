import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** When something may be sent, and how fast. */
export interface GateSettings {
  /** Bytes a second. */
  readonly rate?: number | undefined;
  /** Minutes of the day; `to` may be before `from`: over midnight. */
  readonly hours?: { readonly from: number; readonly to: number } | undefined;
  /** A file that is there while the microscope acquires; without a rate, nothing is sent then. */
  readonly acquiring?: { readonly file: string; readonly rate?: number | undefined } | undefined;
}

const lookMs = 500;

/** Keeps the network and the disk free while the microscope needs them. */
export class Gate {
  constructor(
    private readonly settings: GateSettings,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Why nothing may be sent now; undefined if it may. */
  why(): string | undefined {
    const { hours, acquiring } = this.settings;
    if (acquiring && acquiring.rate === undefined && this.isAcquiring())
      return `the microscope acquires (${acquiring.file})`;
    if (hours && !isWithin(hours, this.now())) return 'it is not the time to send';
    return undefined;
  }

  /** Bytes a second; undefined: as fast as it goes. */
  rate(): number | undefined {
    const { rate, acquiring } = this.settings;
    if (acquiring?.rate === undefined || !this.isAcquiring()) return rate;
    return Math.min(acquiring.rate, rate ?? Infinity);
  }

  isAcquiring(): boolean {
    return this.settings.acquiring !== undefined && existsSync(this.settings.acquiring.file);
  }

  /** Waits until something may be sent. */
  async open(signal: AbortSignal, waits: (why: string) => void = () => undefined): Promise<void> {
    for (let why = this.why(), last = ''; why !== undefined; why = this.why()) {
      if (why !== last) waits((last = why));
      await sleep(lookMs, undefined, { signal });
    }
  }
}

function isWithin({ from, to }: { readonly from: number; readonly to: number }, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
