import { OmeroDatabase } from '@coldroom/omero';
import { holdPaths } from '@coldroom/trees';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { audit } from './audit';
import { recordFindings, recordRun } from './record';
import { Report } from './report';

export interface AuditOrder {
  /** Only what is in this store. */
  readonly store?: string | undefined;
  readonly fix: boolean;
  /** Who runs it. */
  readonly by: string;
  /** How many findings of each kind are kept in detail. */
  readonly limit: number;
}

/** Opens everything that the settings name, audits it, and records what was found. An unknown store is refused first. */
export async function auditAll(
  around: Surroundings,
  { store, fix, by, limit }: AuditOrder,
  progress: (report: Report) => void,
): Promise<Report> {
  const report = new Report(limit);
  const settings = around.settings('register', 'omero', 'originals', 'stores');
  const omero = OmeroDatabase.connect(settings.OMERO_DATABASE_URL, {
    max: 2,
    ...(settings.OMERO_MANAGED_REPOSITORY === undefined
      ? {}
      : { managedRepository: settings.OMERO_MANAGED_REPOSITORY }),
  });
  const holds = holdPaths(settings);
  const bioFormatsVersion = settings.OMERO_BIOFORMATS_VERSION;
  try {
    await withStores(around, async ({ stores, files, dataDir }) => {
      if (store !== undefined) stores.get(store);
      await around.register(async (register) => {
        await recordRun(register, { fix, store, by }, report, async () => {
          await audit(
            { register, omero, stores: stores.all, files, dataDir, holds, bioFormatsVersion },
            { fix, store, progress: () => progress(report) },
            report,
          );
          await recordFindings(register, report, { whole: store === undefined });
        });
      });
    });
  } finally {
    omero.close().catch(() => undefined); // not awaited: a server that hangs would block this process
  }
  return report;
}
