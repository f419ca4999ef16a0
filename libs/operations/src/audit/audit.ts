import { auditBags } from './bags';
import { auditFiles } from './files';
import { auditImages } from './images';
import type { Report } from './report';
import { Scope, type AuditOptions, type AuditPlaces } from './scope';
import { auditHeld, auditRecallDirectories } from './staged';

/**
 * Holds OMERO's database, its files, the register and the stores against each other. Changes nothing, but marks and flags in
 * OMERO where `fix` says so. A part that is unavailable is told in the report; only the register's errors are thrown.
 */
export async function audit(places: AuditPlaces, options: AuditOptions, report: Report): Promise<void> {
  const scope = new Scope(places, options, report);
  await scope.open();
  await auditFiles(scope);
  await auditBags(scope);
  await auditHeld(scope);
  await auditRecallDirectories(scope);
  if (options.store === undefined) await auditImages(scope);
}
