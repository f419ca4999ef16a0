import { Injectable } from '@nestjs/common';
import { Register } from '@coldroom/register';
import { counted, formatBytes, ProgressMeter, timeLeft, type Pace } from '@coldroom/terminal';

export interface PaceNow {
  /** Share of the work that is done, 0 to 1. */
  readonly share: number;
  /** Share, bytes and files to go, rate and time left. */
  readonly words: string;
}

interface Meter {
  readonly meter: ProgressMeter;
  readAt: number;
  pace: Pace;
}

/** However many look at the same page. */
const freshMs = 1000;
/** Requests whose speed is remembered from one look to the next; the one not looked at for the longest goes first. */
const mostMeters = 100;

/** How fast work advances. A speed needs two looks: an open page has it after a few seconds. */
@Injectable()
export class Paces {
  private readonly meters = new Map<bigint | undefined, Promise<Meter>>();

  constructor(private readonly register: Register) {}

  /** Of a request, or of all work. */
  async of(requestId?: bigint): Promise<PaceNow> {
    const found = this.meters.get(requestId) ?? this.start(requestId);
    this.meters.delete(requestId);
    this.meters.set(requestId, found);
    if (this.meters.size > mostMeters) this.meters.delete(this.meters.keys().next().value);
    const one = await found.catch((error: unknown) => {
      this.meters.delete(requestId);
      throw error;
    });
    if (performance.now() - one.readAt > freshMs) {
      one.readAt = performance.now();
      one.pace = await one.meter.read(this.register, requestId);
    }
    return { share: one.pace.share, words: wordsOf(one.pace) };
  }

  private async start(requestId: bigint | undefined): Promise<Meter> {
    const meter = await ProgressMeter.of(this.register, requestId);
    return { meter, readAt: performance.now(), pace: await meter.read(this.register, requestId) };
  }
}

function wordsOf(pace: Pace): string {
  const { share, remaining, files, rate } = pace;
  return [
    `${Math.floor(share * 100)} % done`,
    ...(remaining > 0n ? [`${formatBytes(remaining)} to read`] : []),
    `${counted(files, 'file')} to finish`,
    ...(rate >= 1 ? [`${formatBytes(rate)}/s`] : []),
    timeLeft(pace),
  ].join(', ');
}
