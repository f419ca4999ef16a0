import { NotYet, Transient, type Availability, type Outcome, type Work } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { Appliance } from './appliance';
import { checkClaim } from '../claim';
import type { Said } from './file-info';

/** After this time, a file that was requested and did not come is requested again. */
const askAgainMs = 24 * 3_600_000;
const remembered = 100_000;

/**
 * Which copies are in the appliance's cache, and what was requested of it. A restart forgets this; each copy is then
 * requested once more.
 */
export class Cache {
  private readonly asked = new Map<string, number>();

  constructor(
    private readonly store: string,
    private readonly appliance: Appliance,
  ) {}

  /** Whether a copy is in the cache; it is requested if it is not. */
  async bringOnline(place: Buffer, work: Work): Promise<Outcome<Availability>> {
    const said = await this.appliance.fileInfo(place);
    const key = place.toString('latin1');
    if (said.kind !== 'info')
      return {
        ok: { online: false, state: said.kind === 'absent' ? 'not known to the appliance' : `unknown: ${said.why}` },
      };
    if (said.info.local === true) {
      this.asked.delete(key);
      return { ok: { online: true, state: 'local' } };
    }
    if (said.info.local === undefined || said.info.id === undefined)
      return { ok: { online: false, state: 'unknown: it does not say where the copy is' } };
    if (Date.now() - (this.asked.get(key) ?? -Infinity) < askAgainMs)
      return { ok: { online: false, state: 'asked for' } };
    checkClaim(work);
    const { status } = await this.appliance.restore(said.info.id);
    if (status !== 200 && status !== 202) {
      throw new Transient(
        'RECALL_FAILED',
        `The appliance of store ${this.store} does not bring "${displayPath(place)}" online: it answered HTTP ${status}.`,
        { store: this.store, status },
      );
    }
    this.remember(key);
    return { ok: { online: false, state: 'asked for' } };
  }

  private remember(key: string): void {
    const [oldest] = this.asked.keys();
    if (this.asked.size >= remembered && oldest !== undefined) this.asked.delete(oldest);
    this.asked.set(key, Date.now());
  }
}

/**
 * Only a clear "not local" prevents reading a copy: what is read is compared with its digest, whatever the appliance
 * reports.
 */
export function offlineError(said: Said, path: Buffer): NotYet | undefined {
  if (said.kind !== 'info' || said.info.local !== false) return undefined;
  return new NotYet('COPY_OFFLINE', `The copy of "${displayPath(path)}" is not in the appliance's cache.`);
}
