import { crashPoint, NotYet } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import { failureOf, type Failure } from '../failure';
import type { Surroundings } from '../surroundings';
import { dump, stopped } from './dump';
import { dumpOf, dumpsIn, type Dump } from './names';
import type { BackupPlace } from './place';
import { belongTo } from './place-failures';
import { planBackup, type BackupPlan, type DumpSource } from './plan';
import { endStaleTroubles, recordFailure, recordSuccess } from './record';
import { rotate } from './rotation';

export interface BackupOrder {
  readonly by: string;
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time. */
  readonly progress?: (job: { readonly name: string; readonly to: string; readonly bytes: bigint }) => void;
}

/** What became of one database in one place. */
export interface BackupResult {
  readonly database: DumpSource['database'];
  readonly place: BackupPlace['kind'];
  readonly to: string;
  readonly name: string;
  readonly bytes: bigint;
  readonly sha256: string;
  /** Dumps that are no longer needed, and are gone. */
  readonly removed: readonly string[];
  /** Dumps that are not what their checksums say; they count for nothing and stay. */
  readonly damaged: readonly string[];
  /** Why there is no dump, or why old ones could not be removed. */
  readonly failure: Failure | null;
}

/**
 * Dumps each database to each place. A place or database that fails does not keep the others from theirs; `NotYet`
 * `BACKUP_RUNNING` if another process makes a backup. Old dumps are removed only where a new one has succeeded. Where
 * the register does not answer, the others are dumped without a record; nothing is removed then, as another process may
 * be at work.
 */
export async function backup(
  around: Surroundings,
  register: Register,
  order: BackupOrder,
): Promise<readonly BackupResult[]> {
  const plan = await planBackup(around);
  const done: BackupResult[] = [];
  try {
    const ended = await register.alone('backup', async (lost) => {
      const signal = order.signal ? AbortSignal.any([order.signal, lost]) : lost;
      await endStaleTroubles(register, plan, order.by);
      for (const parts of partsOf(plan)) done.push(await new Job(around, parts, { ...order, signal }).run(register));
      return true;
    });
    if (ended) return done;
  } catch (error) {
    if (done.length === 0) return await backupWithoutRegister(around, order, error);
    if (done.length < partsOf(plan).length) throw error;
    return done; // the lock was lost at the end, and each result says what became of it
  } finally {
    for (const place of plan.places) await place.close();
  }
  throw new NotYet(
    'BACKUP_RUNNING',
    'Another process makes a backup of this register right now; wait until it has ended',
  );
}

/**
 * Dumps all but the register, which failed with `error`; throws it if there is nothing else to dump. Nothing is recorded,
 * and nothing is removed, as another process may be at work.
 */
export async function backupWithoutRegister(
  around: Pick<Surroundings, 'env' | 'settings'>,
  order: BackupOrder,
  error: unknown,
): Promise<readonly BackupResult[]> {
  const plan = await planBackup(around);
  const { stack: _stack, ...failure } = failureOf(error);
  const done: BackupResult[] = [];
  try {
    if (plan.sources.every(({ database }) => database === 'register')) throw error;
    for (const parts of partsOf(plan)) {
      const job = new Job(around, parts, order);
      done.push(parts.source.database === 'register' ? job.result(failure) : await job.runWithoutRegister());
    }
    return done;
  } finally {
    for (const place of plan.places) await place.close();
  }
}

interface JobParts {
  readonly plan: BackupPlan;
  readonly source: DumpSource;
  readonly place: BackupPlace;
}

function partsOf(plan: BackupPlan): readonly JobParts[] {
  return plan.places.flatMap((place) => plan.sources.map((source) => ({ plan, source, place })));
}

/** One database to one place. */
class Job {
  private dump: Dump;
  private bytes = 0n;
  private sha256 = '';
  private removed: readonly string[] = [];
  private damaged: readonly string[] = [];

  constructor(
    private readonly around: Pick<Surroundings, 'env'>,
    private readonly parts: JobParts,
    private readonly order: BackupOrder,
  ) {
    this.dump = this.named(new Date());
  }

  private named(at: Date): Dump {
    return dumpOf(this.parts.source.database, at, this.parts.plan.encryption?.cipher);
  }

  async run(register: Register): Promise<BackupResult> {
    const { place, source } = this.parts;
    const of = { kind: 'backup', database: source.database, place: place.kind, shown: place.shown } as const;
    let id: bigint | undefined;
    let isMade = false;
    try {
      id = await register.backupRuns.begin(of, this.order.by);
      if (this.order.signal?.aborted) throw stopped(this.order.signal);
      await belongTo(place, await register.id());
      await place.clean();
      await this.make();
      await register.backupRuns.finish(id, { name: this.dump.name, bytes: this.bytes, sha256: this.sha256 });
      isMade = true; // it counts, whatever becomes of the old ones
      crashPoint('backup:6-recorded');
      await this.rotate();
      await recordSuccess(register, { ...of, damaged: this.damaged }, this.order.by);
      return this.result(null);
    } catch (error) {
      const { stack: _stack, ...why } = failureOf(error);
      const failure = isMade ? { ...why, message: `A new backup was made, but old ones stay: ${why.message}` } : why;
      await recordFailure(register, { ...of, id: isMade ? undefined : id, failure }, this.order.by);
      return this.result(failure);
    }
  }

  async runWithoutRegister(): Promise<BackupResult> {
    try {
      if (this.order.signal?.aborted) throw stopped(this.order.signal);
      await this.make();
      return this.result(null);
    } catch (error) {
      const { stack: _stack, ...failure } = failureOf(error);
      return this.result(failure);
    }
  }

  private async make(): Promise<void> {
    const { place, source, plan } = this.parts;
    const { signal } = this.order;
    const taken = await place.names();
    while (taken.includes(this.dump.name)) this.dump = this.named(new Date(this.dump.at.getTime() + 1000));
    const content = dump({ ...source, encryption: plan.encryption, env: this.around.env, signal });
    const written = await place.write(this.dump.name, this.counted(content));
    this.bytes = written.bytes;
    this.sha256 = written.sha256;
  }

  private async *counted(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { progress } = this.order;
    let bytes = 0n;
    for await (const piece of content) {
      yield piece;
      bytes += BigInt(piece.length);
      progress?.({ name: this.dump.name, to: this.parts.place.shown, bytes });
    }
  }

  private async rotate(): Promise<void> {
    const { place, source, plan } = this.parts;
    const dumps = dumpsIn(await place.names(), source.database);
    const seeming = await rotate(dumps, plan.keep, async () => true);
    if (seeming.old.length === 0) return;
    const { old, damaged } = await rotate(dumps, plan.keep, (each) => place.isGood(each.name));
    this.damaged = damaged.map(({ name }) => name);
    const removed: string[] = [];
    this.removed = removed;
    for (const { name } of old) {
      if (this.order.signal?.aborted) throw stopped(this.order.signal); // another run may be at work
      if (name === this.dump.name) continue; // those of a clock that was ahead do not push it out
      await place.remove(name);
      removed.push(name);
    }
  }

  result(failure: Failure | null): BackupResult {
    const { place, source } = this.parts;
    const { bytes, sha256, removed, damaged } = this;
    const about = { database: source.database, place: place.kind, to: place.shown, name: this.dump.name };
    return { ...about, bytes, sha256, removed, damaged, failure };
  }
}
