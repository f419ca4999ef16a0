import { setTimeout as sleep } from 'node:timers/promises';
import { Transient, type RootName, type Store } from '@coldroom/domain';
import { openRoot, type Files, type Root } from '@coldroom/files';
import type { OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { join } from 'node:path';
import type { Report } from './report';

/** What an audit holds against each other. */
export interface AuditPlaces {
  readonly register: Register;
  readonly omero: OmeroDatabase;
  readonly stores: readonly Store[];
  readonly files: Files;
  /** OMERO's data directory. */
  readonly dataDir: string;
  /** Hold directories. */
  readonly holds: readonly string[];
  /** Of the settings; looked for in `dataDir` where they do not say. */
  readonly bioFormatsVersion?: string | undefined;
}

export interface AuditOptions {
  /** Only what lies in this store. */
  readonly store?: string | undefined;
  readonly fix: boolean;
  /** Called now and then. */
  readonly progress: () => void;
  /** How long a store, disk or database may take to say that it is there. */
  readonly answerMs?: number;
}

/** The parts of an audit that are there; each of the others is told once as not looked at, and never asked again. */
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

  /** A store whose link targets are to be looked at, or undefined where it is unavailable or unknown. */
  store(name: string): Store | undefined {
    return this.isUnavailable(`store ${name}`) ? undefined : this.places.stores.find((store) => store.name === name);
  }

  isUnavailable(part: string): boolean {
    return this.unavailable.has(part);
  }

  /** Runs one look at a part. What it throws takes the part out of the audit: undefined then, and whenever it is asked again. */
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

  /** Sees which stores and recall directories are there, and whether OMERO's database is. */
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
        this.setUnavailable(`store ${name}`, 'the stores file does not name it any more, but bags lie in it');
    }
  }

  wantedStores(): readonly Store[] {
    const { stores } = this.places;
    return this.options.store === undefined ? stores : stores.filter((store) => store.name === this.options.store);
  }

  /** One of OMERO's trees with its marker read afresh; undefined where it is not mounted. */
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

/** A mount that hangs must not keep the rest from being looked at. */
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
