import type { Register } from '@coldroom/register';
import { bytes } from './finding';
import { recordFindings } from './record';
import { Report } from './report';

/** What the importer found when it looked again at imports by links. It alone sees the buffers. */
export async function auditInPlace({
  register,
  report,
}: {
  readonly register: Register;
  readonly report: Report;
}): Promise<void> {
  for (let after = 0n; ;) {
    const broken = await register.imports.inPlace.broken(after);
    for (const { orderId, source, display, size, found } of broken)
      report.add({
        code: 'IMPORT_LINK_BROKEN',
        object: `Import:${orderId}`,
        path: display === source ? source : `${source}/${display}`,
        expected: `a file of ${bytes(size)}, as it was imported`,
        found,
        remedy: 'put the file back, from a backup if need be; OMERO reads it from there',
      });
    const last = broken.at(-1);
    if (!last) return;
    after = last.fileId;
  }
}

const shown = 100;

/** Records it as a finding of an audit, so that administrators get mail about what is new. */
export async function recordInPlace(register: Register): Promise<void> {
  const report = new Report(shown);
  await auditInPlace({ register, report });
  await recordFindings(register, report, { whole: false });
}
