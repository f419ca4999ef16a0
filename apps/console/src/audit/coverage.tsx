import type { VNode } from 'preact';
import type { KeptFixity } from '@coldroom/register';
import { formatBytes, formatCount, formatDuration } from '@coldroom/terminal';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

const columns = [
  { title: 'Store' },
  { title: 'Oldest read' },
  { title: 'Copies', number: true },
  { title: 'In time', number: true },
  { title: 'Never read', number: true },
  { title: 'Bad', number: true },
  { title: 'Read in 7 days', number: true },
];

/** How many copies were read again within the time that is set for it. */
export function Coverage({ coverage }: { readonly coverage: readonly KeptFixity[] }): VNode {
  const [first] = coverage;
  return (
    <section class="card">
      <h2>Fixity checks</h2>
      {first === undefined ? (
        <p>
          No regular check has run yet. The service checksum reads each copy again within COLDROOM_FIXITY_EVERY, unless
          that is 0. <span class="code">coldroom verify</span> reads copies at once.
        </p>
      ) : (
        <>
          <p>
            Each copy is read and compared once in {formatDuration(first.everyMs)}. These figures were counted{' '}
            <When at={first.countedAt} />
            {isOld(first) &&
              ', which is long ago: check that the checksum service is running and that regular checks are enabled'}
            .
          </p>
          <Rows label="Fixity checks by store" columns={columns} rows={coverage.map(rowOf)} />
        </>
      )}
    </section>
  );
}

const oldMs = 86_400_000;
const isOld = ({ countedAt }: KeptFixity): boolean => Date.now() - countedAt.getTime() > oldMs;

function rowOf(one: KeptFixity): { readonly key: string; readonly cells: readonly (VNode | string)[] } {
  const { store, files, bytes, overdue, unread, faults, oldest, weekBytes } = one;
  return {
    key: store,
    cells: [
      <>
        <strong>{store}</strong> <Judgement of={one} />
      </>,
      oldest === null ? 'not all were read' : <When at={oldest} />,
      `${formatCount(files)}, ${formatBytes(bytes)}`,
      inTime(files, overdue),
      formatCount(unread),
      formatCount(faults),
      formatBytes(weekBytes),
    ],
  };
}

/** Never 100 % while one is overdue. */
function inTime(files: number, overdue: number): string {
  return files === 0 ? '' : `${Math.floor(((files - overdue) / files) * 1000) / 10} %`;
}

function Judgement({ of: { isChecked, overdue, faults } }: { readonly of: KeptFixity }): VNode {
  const [shape, colour, words] = ((): readonly [string, string, string] => {
    if (faults > 0) return ['▲', 'bad', 'Bad copies'];
    if (!isChecked) return ['■', 'muted', 'Not checked regularly'];
    return overdue > 0 ? ['▲', 'warn', 'Overdue'] : ['✓', 'good', 'In time'];
  })();
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}
