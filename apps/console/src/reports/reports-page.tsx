import type { VNode } from 'preact';
import {
  candidateKeys,
  reportNames,
  reportTitles,
  usageKeys,
  type Cell,
  type ReportColumn,
  type ReportName,
  type TableReport,
} from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { money } from '../layout/money';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';

type Row = Readonly<Record<string, Cell>>;

/** Reports that need no more than a click. */
const choices: readonly (readonly [ReportName, string | undefined])[] = [
  ...usageKeys.map((key) => ['usage', key] as const),
  ['archive', undefined],
  ...candidateKeys.map((key) => ['candidates', key] as const),
  ['integrity', undefined],
  ['expiry', undefined],
];

/** All reports: those that need nothing as links, the others as forms. */
export function ReportsPage({ site, stores, ...frame }: Frame & { readonly stores: readonly string[] }): VNode {
  return (
    <Page site={site} {...frame} section="usage" title="Reports">
      <div class="heading">
        <h1>Reports</h1>
        <p class="muted">Each can be downloaded as a CSV file for a spreadsheet.</p>
      </div>
      {reportNames.map((name) => (
        <section class="card" key={name}>
          <h2>{reportTitles[name]}</h2>
          <p class="row">
            {choices
              .filter(([of]) => of === name)
              .map(([, by]) => (
                <a class="button" href={site.href(`/reports/${name}${by === undefined ? '' : `?rows=${by}`}`)}>
                  {by === undefined ? 'Show' : `By ${by}`}
                </a>
              ))}
            {name === 'store' &&
              stores.map((store) => (
                <a class="button" href={site.href(`/reports/store?store=${encodeURIComponent(store)}`)}>
                  <span class="name">{store}</span>
                </a>
              ))}
          </p>
          {(name === 'image' || name === 'size') && (
            <form method="get" action={site.href(`/reports/${name}`)} class="row">
              <label>
                {name === 'image' ? 'Image' : 'Image or fileset'}{' '}
                <input
                  name="object"
                  required
                  maxLength={100}
                  placeholder={name === 'image' ? 'Image:7' : 'Fileset:9'}
                />
              </label>
              <button type="submit">Show</button>
            </form>
          )}
        </section>
      ))}
    </Page>
  );
}

interface ReportProps extends Frame {
  readonly report: TableReport;
  readonly shown: readonly Row[];
  readonly totals: Row;
  readonly count: number;
  /** The address of the file with all rows. */
  readonly file: string;
}

export function ReportPage({ report, shown, totals, count, file, ...frame }: ReportProps): VNode {
  const columns = report.columns.filter(({ fileOnly, name }) => !fileOnly && name !== 'currency');
  const hasSums = columns.some(({ sum }) => sum) && count > 1;
  const cells = (row: Row): readonly (VNode | string)[] => columns.map((column) => written(column, row));
  return (
    <Page {...frame} section="usage" title={report.title}>
      <div class="heading">
        <h1>{report.title}</h1>
        <p class="small">
          <a href={frame.site.href('/reports')}>All reports</a>
        </p>
      </div>
      <section class="card">
        {count === 0 ? (
          <p class="muted">Nothing to show.</p>
        ) : (
          <Rows
            label={report.title}
            columns={columns.map(({ title, kind }) => ({ title, number: !['text', 'time'].includes(kind) }))}
            rows={[
              ...(hasSums
                ? [
                    {
                      key: 'all',
                      cells: columns.map((column, at) =>
                        column.sum ? <strong>{written(column, totals)}</strong> : at === 0 ? <strong>All</strong> : '',
                      ),
                    },
                  ]
                : []),
              ...shown.map((row, at) => ({ key: `${at}`, cells: cells(row) })),
            ]}
          />
        )}
        {count > shown.length && (
          <p class="small muted totals">
            The first {formatCount(shown.length)} of {formatCount(count)} rows. The file has all.
          </p>
        )}
        {report.notes.map((note) => (
          <p class="small muted">{note}</p>
        ))}
        <p class="row">
          <a class="button" href={file} download>
            Download as CSV
          </a>
        </p>
      </section>
    </Page>
  );
}

function written({ name, kind }: ReportColumn, row: Row): VNode | string {
  const cell = row[name] ?? null;
  if (cell === null) return '';
  if (cell instanceof Date) return <When at={cell} />;
  if (typeof cell === 'string') return <span class="name">{cell}</span>;
  if (kind === 'bytes') return cell < 0 ? `-${formatBytes(-cell)}` : formatBytes(cell);
  if (kind === 'money') return money({ amount: Number(cell), currency: String(row['currency']) });
  return kind === 'count' ? formatCount(cell) : cell.toString();
}
