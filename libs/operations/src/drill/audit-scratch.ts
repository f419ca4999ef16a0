import { OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { SettingsError } from '@coldroom/runtime';
import { holdPaths } from '@coldroom/trees';
import { audit } from '../audit/audit';
import { Report, type Discrepancy, type NotLookedAt } from '../audit/report';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';

/** What an audit of the restored register found, by code. */
export interface DrillAudit {
  readonly looked: Readonly<Record<string, number>>;
  readonly findings: readonly {
    readonly code: string;
    readonly total: number;
    /** In bags that were sealed or linked since the backup, as far as they were looked through. */
    readonly explained: number;
  }[];
  readonly notLooked: readonly NotLookedAt[];
}

/** So many of each kind are looked through for whether the time since the backup explains them. */
const kept = 10_000;

/** An audit that changes nothing and is not recorded. `changed`: bags that were sealed or linked since the backup. */
export async function auditScratch(
  around: Surroundings,
  register: Register,
  changed: ReadonlySet<string>,
): Promise<DrillAudit> {
  const report = new Report(kept);
  try {
    await auditAgainst(around, register, report);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    report.notLookedAt("OMERO's files and the stores", `settings are missing: ${error.faults.join('; ')}`);
  }
  const explains = ({ bag, object }: Discrepancy): boolean => changed.has(bag ?? object) || changed.has(object);
  return {
    looked: report.looked,
    findings: [...report.findings()].map(([code, { total, shown }]) => ({
      code,
      total,
      explained: shown.filter(explains).length,
    })),
    notLooked: report.notLooked(),
  };
}

async function auditAgainst(around: Surroundings, register: Register, report: Report): Promise<void> {
  const settings = around.settings('omero', 'originals', 'stores');
  const { OMERO_MANAGED_REPOSITORY: managedRepository, OMERO_BIOFORMATS_VERSION: bioFormatsVersion } = settings;
  const omero = OmeroDatabase.connect(settings.OMERO_DATABASE_URL, {
    max: 2,
    ...(managedRepository === undefined ? {} : { managedRepository }),
  });
  try {
    await withStores(around, async ({ stores, files, dataDir }) => {
      const places = {
        register,
        omero,
        stores: stores.all,
        files,
        dataDir,
        holds: holdPaths(settings),
        bioFormatsVersion,
      };
      await audit(places, { fix: false, progress: () => undefined }, report);
    });
  } finally {
    omero.close().catch(() => undefined); // not awaited: a server that hangs would block this process
  }
}
