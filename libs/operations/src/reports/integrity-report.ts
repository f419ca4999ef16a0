import { auditRemedies } from '../audit/remedies';
import { discrepancyTitles, type DiscrepancyCode } from '../audit/report';
import type { Reviewer } from '../requests/review';
import { may, visibleTo } from '../rights/rights';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';
import { readNotes } from './usage-report';

/** Found here from the rows of OMERO, and not from the last audit. */
const deleted: DiscrepancyCode = 'IMAGE_DELETED';

/** Archived images that OMERO no longer has, as the scanner last looked, and what audits found and is still so. */
export async function integrityReport(reviewer: Reviewer): Promise<TableReport> {
  const { register, actor, policy } = reviewer;
  const visible = visibleTo(actor, policy, 'seeUsage');
  const seesAudits = may(actor.roles, 'seeAudit', ['other'], policy);
  const read = await register.usage.details.lastRead('images');
  const findings = seesAudits ? await register.troubles.list('audit finding') : [];
  const lastWhole = seesAudits ? await register.auditRuns.lastWhole() : undefined;
  return {
    table: 'integrity',
    title: 'Images and files that are not as they should be',
    columns: reportTables.integrity,
    rows: (async function* rows() {
      for (const { code, detail, since } of findings) {
        if (code === null || !isKnown(code) || (code === deleted && read.readAt !== null)) continue;
        yield findingRow(code, Number(detail['total']), since);
      }
      for await (const image of register.usage.missingImages({ visibleTo: visible }))
        yield {
          ...empty,
          code: deleted,
          object: `Image:${image.imageId}`,
          count: 1,
          name: image.name,
          group: image.group,
          owner: image.owner,
          request_id: image.requestId,
          fileset: image.fileset,
          files: image.files,
          bytes: image.bytes,
          acknowledged_by: image.deletionKnownBy,
          next: image.deletionKnownBy === null ? auditRemedies[deleted].advice : null,
        };
    })(),
    notes: [
      ...readNotes(read, 'Whether OMERO still has all archived images'),
      ...(seesAudits
        ? [
            lastWhole?.finishedAt
              ? `Rows without an object are findings of audits; the last complete audit ended at ${lastWhole.finishedAt.toISOString()}.`
              : 'No complete audit has ended yet: "coldroom audit" compares OMERO, files, register and stores.',
          ]
        : []),
    ],
  };
}

const empty = Object.fromEntries(reportTables.integrity.map(({ name }) => [name, null])) as ReportRow;

function isKnown(code: string): code is DiscrepancyCode {
  return Object.hasOwn(discrepancyTitles, code);
}

function findingRow(code: DiscrepancyCode, total: number, since: Date): ReportRow {
  return { ...empty, code, count: total, name: discrepancyTitles[code], since, next: auditRemedies[code].advice };
}
