import type { FilesetAmount, Register, UsageFilter, UsageOwner } from '@coldroom/register';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';
import { ownerCells, readNotes } from './usage-report';

const inEach = (what: string): string =>
  `A fileset whose images are in several ${what} counts in each of them, so the rows are not added up.`;

/** What each project has, the largest first. */
export async function usageByProject({ usage }: Register, filter: UsageFilter): Promise<TableReport> {
  const projects = await usage.omero.projects(filter);
  return {
    table: 'usage by project',
    title: 'Usage by project',
    columns: reportTables['usage by project'],
    rows: (async function* rows() {
      for (const { projectId, name, filesets, bytes, archivedBytes, ...of } of projects)
        yield {
          project_id: projectId,
          project: name,
          ...ownerCells(of),
          filesets,
          bytes,
          archived_bytes: archivedBytes,
        };
    })(),
    notes: [...readNotes(await usage.omero.lastRead(), 'What is in OMERO'), inEach('projects')],
  };
}

/** What each dataset has, the largest first. */
export async function usageByDataset({ usage }: Register, filter: UsageFilter): Promise<TableReport> {
  return {
    table: 'usage by dataset',
    title: 'Usage by dataset',
    columns: reportTables['usage by dataset'],
    rows: (async function* rows() {
      for await (const row of usage.details.datasets(filter))
        yield { dataset_id: row.datasetId, dataset: row.name, ...filesetCells(row) };
    })(),
    notes: [
      ...readNotes(await usage.details.lastRead('filesets'), 'What is in OMERO'),
      inEach('datasets'),
      'Images that are in no dataset, such as those of plates, are in no row.',
    ],
  };
}

/** What there is in each format, each fileset once. */
export async function usageByFormat({ usage }: Register, filter: UsageFilter): Promise<TableReport> {
  const formats = await usage.details.formats(filter);
  return {
    table: 'usage by format',
    title: 'Usage by format',
    columns: reportTables['usage by format'],
    rows: (async function* rows() {
      for (const row of formats) yield { format: row.format, ...filesetCells(row) };
    })(),
    notes: readNotes(await usage.details.lastRead('filesets'), 'What is in OMERO'),
  };
}

function filesetCells(row: FilesetAmount & UsageOwner): ReportRow {
  const { images, filesets, files, bytes, archivedFilesets, archivedBytes } = row;
  return {
    ...ownerCells(row),
    images,
    filesets,
    files,
    bytes,
    archived_filesets: archivedFilesets,
    archived_bytes: archivedBytes,
  };
}
