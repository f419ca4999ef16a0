import { messageOf, NotYet, Refused } from '@coldroom/domain';
import { migrate, Register, ScratchServer, scratchName } from '@coldroom/register';
import { stopped } from '../backup/dump';
import { databases, dumpsIn, type Dump, type DumpedDatabase } from '../backup/names';
import type { BackupPlace } from '../backup/place';
import { placesOf } from '../backup/plan';
import { failureOf } from '../failure';
import type { Surroundings } from '../surroundings';
import { auditScratch } from './audit-scratch';
import { recordDrillFailure, recordDrillSuccess } from './record';
import type { DrillReport, RestoredDump } from './report';
import { restoreDump } from './restore-dump';
import { sinceBackup } from './since';

export interface DrillOrder {
  readonly by: string;
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time with what is being done. */
  readonly progress?: (doing: string) => void;
}

/**
 * Restores the newest dumps into databases of their own, audits the register of that time, and compares it with the one
 * in use. The databases are dropped in any case. Nothing else is changed but the history of drills.
 */
export async function drill(around: Surroundings, register: Register, order: DrillOrder): Promise<DrillReport> {
  const settings = around.settings('register', 'backup', 'drill');
  const places = await placesOf(settings, around.env);
  const { COLDROOM_DRILL_DATABASE_URL: drillUrl, COLDROOM_BACKUP_IDENTITY: identity } = settings;
  const server = new ScratchServer(drillUrl ?? settings.REGISTER_DATABASE_URL);
  const at = { server, hasOwnServer: drillUrl !== undefined, places, identity };
  try {
    const report = await register.alone('drill', async () => new Drill(around, register, at, order).run());
    if (report) return report;
  } finally {
    for (const place of places) await place.close();
  }
  throw new NotYet('DRILL_RUNNING', 'Another drill of this register is running; wait until it has ended');
}

interface Newest {
  readonly dump: Dump;
  readonly place: BackupPlace;
}

interface DrillPlaces {
  readonly server: ScratchServer;
  /** Not that of the register in use, whose disk a dump of OMERO's database might fill. */
  readonly hasOwnServer: boolean;
  readonly places: readonly BackupPlace[];
  readonly identity: string | undefined;
}

class Drill {
  private readonly began = new Date();

  constructor(
    private readonly around: Surroundings,
    private readonly register: Register,
    private readonly at: DrillPlaces,
    private readonly order: DrillOrder,
  ) {}

  async run(): Promise<DrillReport> {
    const newest = await this.newest('register');
    const { kind: place, shown } = newest?.place ?? (this.at.places[0] as BackupPlace);
    const of = { kind: 'drill', database: 'register', place, shown } as const;
    const id = await this.register.backupRuns.begin(of, this.order.by);
    try {
      if (!newest)
        throw new Refused(
          'DRILL_NO_BACKUP',
          `There is no dump of the register in ${shown}; run "coldroom backup" first`,
        );
      const report = await this.withDatabases(newest);
      await recordDrillSuccess(this.register, id, report, this.order.by);
      return report;
    } catch (error) {
      const { stack: _stack, ...failure } = failureOf(error);
      await recordDrillFailure(this.register, { id, shown, failure }, this.order.by);
      throw error;
    }
  }

  private async withDatabases(newest: Newest): Promise<DrillReport> {
    const { server } = this.at;
    const leftovers = await server.dropLeftovers();
    try {
      const register = await this.restore(newest);
      const omeroDump = await this.newest('omero');
      const omero = omeroDump && this.at.hasOwnServer ? await this.restore(omeroDump) : null;
      const notRestored = omeroDump && !omero ? [omeroDump.dump.name] : [];
      return { register, omero, notRestored, leftovers, ...(await this.examine()) };
    } finally {
      for (const database of databases) await this.drop(database);
    }
  }

  /** The newest dump in any place. */
  private async newest(database: DumpedDatabase): Promise<Newest | undefined> {
    const found: Newest[] = [];
    for (const place of this.at.places) {
      const [dump] = dumpsIn(await place.names(), database);
      if (dump) found.push({ dump, place });
    }
    return found.sort((one, other) => other.dump.at.getTime() - one.dump.at.getTime())[0];
  }

  private async restore({ dump, place }: Newest): Promise<RestoredDump> {
    const begun = performance.now();
    const { server, identity } = this.at;
    const { signal, progress } = this.order;
    const name = this.scratch(dump.database);
    progress?.(`restoring ${dump.name}`);
    const url = await server.create(name);
    const { env } = this.around;
    await restoreDump({ dump, place, url, identity, env, signal });
    const seconds = Math.round((performance.now() - begun) / 1000);
    const bytes = await place.sizeOf(dump.name);
    return { name: dump.name, from: place.shown, at: dump.at, bytes, tables: await server.tables(name), seconds };
  }

  private async examine(): Promise<Pick<DrillReport, 'migrations' | 'since' | 'audit'>> {
    const { progress, signal } = this.order;
    if (signal?.aborted) throw stopped(signal);
    const url = this.at.server.urlOf(this.scratch('register'));
    const migrations = await migrate(url);
    const restored = new Register(url, { applicationName: 'coldroom drill', max: 3 });
    try {
      progress?.('comparing the restored register with the one in use');
      const since = sinceBackup(await this.register.standing(), await restored.standing());
      const changed = new Set([...since.sealed, ...since.broughtBack].map(({ name }) => name));
      progress?.("comparing the restored register with OMERO's files and the stores");
      return { migrations, since, audit: await auditScratch(this.around, restored, changed) };
    } finally {
      await restored.close();
    }
  }

  /** What remains is dropped by the next drill. */
  private async drop(database: DumpedDatabase): Promise<void> {
    try {
      await this.at.server.drop(this.scratch(database));
    } catch (error) {
      this.order.progress?.(`${this.scratch(database)} could not be dropped: ${messageOf(error)}`);
    }
  }

  private scratch(database: DumpedDatabase): string {
    return scratchName(this.began, database);
  }
}
