import type { DrillAudit } from './audit-scratch';
import type { Since } from './since';

export interface RestoredDump {
  readonly name: string;
  readonly from: string;
  readonly at: Date;
  readonly bytes: bigint;
  readonly tables: number;
  readonly seconds: number;
}

export interface DrillReport {
  readonly register: RestoredDump;
  /** Null if there is no dump of OMERO's database, or if it was not restored. */
  readonly omero: RestoredDump | null;
  /** Dumps that were left out, as no server for drills is set. */
  readonly notRestored: readonly string[];
  /** Changes of tables that came after the backup, and were made in the restored register. */
  readonly migrations: readonly string[];
  readonly since: Since;
  readonly audit: DrillAudit;
  /** Databases that earlier drills had left; they are gone. */
  readonly leftovers: readonly string[];
}
