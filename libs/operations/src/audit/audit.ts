import { auditBags } from './bags';
import { auditFiles } from './files';
import { auditImages } from './images';
import { auditInPlace } from './in-place';
import type { Report } from './report';
import { Scope, type AuditOptions, type AuditPlaces } from './scope';
import { auditHeld, auditRecallDirectories } from './staged';
import { auditTotals } from './totals';

/**
 * Compares OMERO's database, its files, the register and the stores. Changes nothing except marks and flags in OMERO
 * and totals in the register, and those only with `fix`. The report lists a part that is unavailable; only errors of the register are thrown.
 */
export async function audit(places: AuditPlaces, options: AuditOptions, report: Report): Promise<void> {
  const scope = new Scope(places, options, report);
  await scope.open();
  await auditFiles(scope);
  await auditBags(scope);
  await auditHeld(scope);
  await auditRecallDirectories(scope);
  if (options.store !== undefined) return;
  await auditImages(scope);
  await auditTotals(scope);
  await auditInPlace(scope);
}
