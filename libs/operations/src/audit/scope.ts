import { setTimeout as sleep } from 'node:timers/promises';
import { Transient, type RootName, type Store } from '@coldroom/domain';
import { openRoot, type Files, type Root } from '@coldroom/files';
import type { OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { join } from 'node:path';
import type { Report } from './report';

/** What an audit compares. */
export interface AuditPlaces {
  readonly register: Register;
  readonly omero: OmeroDatabase;
  readonly stores: readonly Store[];
  readonly files: Files;
  /** OMERO's data directory. */
  readonly dataDir: string;
  /** Hold directories. */
  readonly holds: readonly string[];
  /** From the settings; if they do not specify it, it is looked up in `dataDir`. */
  readonly bioFormatsVersion?: string | undefined;
}

export interface AuditOptions {
  /** Only what is in this store. */
  readonly store?: string | undefined;
  readonly fix: boolean;
  /** Called from time to time. */
  readonly progress: () => void;
  /** How long a store, disk or database may take to answer. */
  readonly answerMs?: number;
}

/**
 * The parts of an audit that are available. Each of the others is reported once as not examined, and never asked again.
 */
export class Scope {
  private readonly roots = new Map<string, Promise<Root | undefined>>();
  private readonly unavailable = new Set<string>();

  constructor(
    readonly places: AuditPlaces,
    readonly options: AuditOptions,
    readonly report: Report,
  ) {}

  get register(): Register {
    return this.places.register;
  }

  /** A store whose link targets are to be examined; undefined if it is unavailable or unknown. */
  store(name: string): Store | undefined {
    return this.isUnavailable(`store ${name}`) ? undefined : this.places.stores.find((store) => store.name === name);
  }

  isUnavailable(part: string): boolean {
    return this.unavailable.has(part);
  }

  /**
   * Runs one examination of a part. If it throws, the part is removed from the audit: the result is undefined then and
   * on every later call.
   */
  async look<T>(part: string, look: () => Promise<T>, limitMs?: number): Promise<T | undefined> {
    if (this.unavailable.has(part)) return undefined;
    try {
      return await (limitMs === undefined ? look() : within(limitMs, look));
    } catch (error) {
      this.setUnavailable(part, error);
      return undefined;
    }
  }

  setUnavailable(part: string, reason: unknown): void {
    if (this.unavailable.has(part)) return;
    this.unavailable.add(part);
    this.report.notLookedAt(part, reason);
  }

  /** Checks which stores and recall directories are available, and whether OMERO's database is. */
  async open(): Promise<void> {
    const limitMs = this.options.answerMs ?? 20_000;
    const { stores, omero } = this.places;
    await this.look(omeroPart, () => omero.check(), limitMs);
    for (const store of this.wantedStores()) {
      await this.look(storePart(store), () => store.check('read'), limitMs);
      if (store.recallRoot !== undefined) await this.recallRoot(store);
    }
    for (const name of await this.register.audit.stores()) {
      if (this.options.store !== undefined && this.options.store !== name) continue;
      if (!stores.some((store) => store.name === name))
        this.setUnavailable(`store ${name}`, 'the stores file no longer names it, but it has bags');
    }
  }

  wantedStores(): readonly Store[] {
    const { stores } = this.places;
    return this.options.store === undefined ? stores : stores.filter((store) => store.name === this.options.store);
  }

  /** One of OMERO's trees, with its marker read again; undefined if it is not mounted. */
  originals(name: RootName): Promise<Root | undefined> {
    return this.root(name, join(this.places.dataDir, name), name);
  }

  hold(directory: string): Promise<Root | undefined> {
    return this.root(`hold directory ${directory}`, directory, 'hold');
  }

  recallRoot({ name, recallRoot }: Store): Promise<Root | undefined> {
    return this.root(`recall directory of store ${name}`, recallRoot as string, 'recall');
  }

  private async root(part: string, directory: string, marker: string): Promise<Root | undefined> {
    const limitMs = this.options.answerMs ?? 20_000;
    const known = this.roots.get(part) ?? this.look(part, () => openRoot(directory, marker), limitMs);
    this.roots.set(part, known);
    const root = await known;
    return (
      root &&
      (await this.look(
        part,
        async () => {
          await root.check();
          return root;
        },
        limitMs,
      ))
    );
  }
}

export const omeroPart = 'OMERO database';
export const storePart = (store: Store): string => `store ${store.name}`;

/** A hung mount must not prevent the examination of the rest. */
async function within<T>(limitMs: number, look: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Transient('NO_ANSWER', `no answer within ${limitMs / 1000} s; is it a mount that hangs?`);
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([look(), limit]);
  } finally {
    ended.abort();
  }
}
