import type { VNode } from 'preact';
import type { UsageDay } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Rows } from '../layout/rows';

/** More would not be seen. */
const mostPoints = 60;
const [width, height] = [720, 140];

/** How much was archived at the end of each day, as a picture and as a table. */
export function OverTime({ days }: { readonly days: readonly UsageDay[] }): VNode | null {
  if (days.length < 2) return null;
  const step = Math.ceil(days.length / mostPoints);
  const shown = days.filter((_, at) => (days.length - 1 - at) % step === 0);
  return (
    <section class="card">
      <h2>Archived over time</h2>
      <Picture days={shown} />
      <ul class="legend">
        <Series name="moving" text="archived, original still held" />
        <Series name="freed" text="archived, space freed" />
      </ul>
      <details>
        <summary>The same as a table</summary>
        <Rows
          label="Archived over time"
          columns={[
            { title: 'Day' },
            { title: 'Files archived', number: true },
            { title: 'Archived', number: true },
            { title: 'Freed', number: true },
            { title: 'In OMERO', number: true },
          ]}
          rows={shown.toReversed().map(({ day, archivedFiles, heldBytes, freedBytes, omeroBytes }) => ({
            key: day,
            cells: [
              day,
              formatCount(archivedFiles),
              formatBytes(heldBytes + freedBytes),
              formatBytes(freedBytes),
              omeroBytes === null ? 'not known' : formatBytes(omeroBytes),
            ],
          }))}
        />
      </details>
    </section>
  );
}

function Series({ name, text }: { readonly name: string; readonly text: string }): VNode {
  return (
    <li>
      <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
        <rect class={`step ${name}`} width="10" height="10" rx="2" />
      </svg>
      <span>{text}</span>
    </li>
  );
}

/** Drawn by attributes: the content security policy forbids styles in a page. */
function Picture({ days }: { readonly days: readonly UsageDay[] }): VNode {
  const [first, last] = [days[0] as UsageDay, days.at(-1) as UsageDay];
  const archived = (day: UsageDay): bigint => day.heldBytes + day.freedBytes;
  const highest = days.reduce((most, day) => (archived(day) > most ? archived(day) : most), 1n);
  const [start, end] = [Date.parse(first.day), Date.parse(last.day)];
  const x = ({ day }: UsageDay): number => Math.round((width * (Date.parse(day) - start)) / (end - start));
  const y = (bytes: bigint): number => height - Math.round((height * Number(bytes)) / Number(highest));
  const area = (bytes: (day: UsageDay) => bigint): string =>
    [`0,${height}`, ...days.map((day) => `${x(day)},${y(bytes(day))}`), `${width},${height}`].join(' ');
  return (
    <div class="small">
      <p class="muted">{formatBytes(highest)}</p>
      <svg
        class="chart"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-labelledby="over-time over-time-text"
      >
        <title id="over-time">Archived over time</title>
        <desc id="over-time-text">
          {`From ${formatBytes(archived(first))} on ${first.day} to ${formatBytes(archived(last))} on ${last.day}, of which ${formatBytes(last.freedBytes)} are freed in OMERO. At most ${formatBytes(highest)}.`}
        </desc>
        <polygon class="step moving" points={area(archived)} />
        <polygon class="step freed" points={area(({ freedBytes }) => freedBytes)} />
      </svg>
      <p class="ends muted">
        <span>{first.day}</span>
        <span>{last.day}</span>
      </p>
    </div>
  );
}
