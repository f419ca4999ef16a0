import type { Reviewer } from '../requests/review';
import { usageFor, type Candidates, type UsageChoice } from '../usage/usage';
import type { UsageFilter } from '@coldroom/register';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';
import { ownerCells, readNotes } from './usage-report';

const sizes = ['below_1_gib', 'below_10_gib', 'below_100_gib', 'from_100_gib'] as const;

/** Filesets that are not archived, by year of import and size. */
export async function candidatesByAge(reviewer: Reviewer, choice: UsageChoice): Promise<TableReport> {
  const { candidates, omeroRead } = await usageFor(reviewer, choice);
  const years = [...Map.groupBy(candidates ?? [], ({ year }) => year)];
  return {
    table: 'candidates by age',
    title: 'Filesets not archived, by year of import and size',
    columns: reportTables['candidates by age'],
    rows: (async function* rows() {
      for (const [year, of] of years) yield { year: `${year}`, ...amounts(of), ...bySize(of) };
    })(),
    notes: readNotes(omeroRead, 'What is in OMERO'),
  };
}

function amounts(of: readonly Candidates[]) {
  return {
    filesets: of.reduce((sum, { filesets }) => sum + filesets, 0n),
    bytes: of.reduce((sum, { bytes }) => sum + bytes, 0n),
  };
}

function bySize(of: readonly Candidates[]): ReportRow {
  return Object.fromEntries(
    sizes.flatMap((size, at) => {
      const { filesets, bytes } = amounts(of.filter(({ sizeClass }) => sizeClass === at));
      return [
        [`${size}_filesets`, filesets],
        [`${size}_bytes`, bytes],
      ];
    }),
  );
}

/** The largest filesets that are not archived. */
export async function largestCandidates({ register }: Reviewer, filter: UsageFilter): Promise<TableReport> {
  const { details } = register.usage;
  const largest = await details.largest(filter);
  return {
    table: 'candidates by fileset',
    title: 'The largest filesets that are not archived',
    columns: reportTables['candidates by fileset'],
    rows: (async function* rows() {
      for (const { filesetId, name, year, images, files, bytes, ...of } of largest)
        yield { fileset_id: filesetId, name, year: `${year}`, ...ownerCells(of), images, files, bytes };
    })(),
    notes: [
      ...readNotes(await details.lastRead('filesets'), 'What is in OMERO'),
      'The scanner keeps the 1,000 largest of the whole server.',
    ],
  };
}
