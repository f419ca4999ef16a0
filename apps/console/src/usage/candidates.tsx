import type { VNode } from 'preact';
import type { Candidates } from '@coldroom/operations';
import { counted, formatBytes } from '@coldroom/terminal';
import { Rows } from '../layout/rows';
import type { UsageProps } from './props';

/** In the order of the size classes. */
const sizes = ['Below 1 GiB', '1 to 10 GiB', '10 to 100 GiB', '100 GiB and more'];

/** What could be archived: filesets by the year of their import and by their size. */
export function NotArchived({ usage: { candidates } }: Pick<UsageProps, 'usage'>): VNode | null {
  if (candidates === null) return null;
  const years = [...Map.groupBy(candidates, ({ year }) => year)];
  return (
    <section class="card">
      <h2>Filesets not archived, by year of import and size</h2>
      {years.length === 0 ? (
        <p class="muted">All filesets are archived, or there are none.</p>
      ) : (
        <Rows
          label="Filesets not archived, by year of import and size"
          columns={[
            { title: 'Imported' },
            { title: 'All', number: true },
            ...sizes.map((size) => ({ title: size, number: true })),
          ]}
          rows={years.map(([year, of]) => ({
            key: year.toString(),
            cells: [
              year.toString(),
              <Amount of={of} />,
              ...sizes.map((_, at) => <Amount of={of.filter(({ sizeClass }) => sizeClass === at)} />),
            ],
          }))}
        />
      )}
    </section>
  );
}

function Amount({ of }: { readonly of: readonly Candidates[] }): VNode {
  const filesets = of.reduce((sum, each) => sum + each.filesets, 0n);
  if (filesets === 0n) return <span class="muted">none</span>;
  return (
    <>
      {formatBytes(of.reduce((sum, each) => sum + each.bytes, 0n))}{' '}
      <span class="small muted block">{counted(filesets, 'fileset')}</span>
    </>
  );
}
