import type { VNode } from 'preact';
import { counted, formatBytes } from '@coldroom/terminal';
import { Page } from '../layout/html';
import { money } from '../layout/money';
import { Fact, When } from '../layout/parts';
import { Groups, Owners, Projects, Stores } from './amounts';
import { NotArchived } from './candidates';
import { addressOf } from './input';
import { OverTime } from './over-time';
import type { UsageProps } from './props';

export function UsagePage(props: UsageProps): VNode {
  const { choice, usage, days, ...frame } = props;
  const isEmpty = usage.owners.length === 0;
  return (
    <Page {...frame} section="usage" title="Usage">
      <div class="heading">
        <h1>Usage</h1>
        <Chosen {...props} />
        {!isEmpty && <Lead usage={usage} />}
        <AsOf usage={usage} />
      </div>
      {isEmpty ? (
        <Nothing isChosen={choice.groupId !== undefined || choice.ownerId !== undefined} />
      ) : (
        <>
          <Totals usage={usage} />
          <OverTime days={days} />
          {choice.groupId === undefined && <Groups {...props} />}
          <Owners {...props} />
          <Projects {...props} />
          <Stores usage={usage} />
          <NotArchived usage={usage} />
          <Downloads {...props} />
        </>
      )}
    </Page>
  );
}

function Chosen({ site, choice, usage: { owners } }: UsageProps): VNode | null {
  const { groupId, ownerId } = choice;
  if (groupId === undefined && ownerId === undefined) return null;
  const one = owners[0];
  return (
    <p class="small">
      {groupId !== undefined && `Group ${one?.group ?? groupId} `}
      {ownerId !== undefined && `${one?.fullName ?? `Person ${ownerId}`} `}
      <a href={site.href('/usage')}>show all</a>
    </p>
  );
}

function Lead({ usage: { totals } }: Pick<UsageProps, 'usage'>): VNode {
  const { held, freed } = totals.parts;
  const archived = held.files + freed.files;
  if (archived === 0) return <p class="lead">Nothing is archived yet.</p>;
  return (
    <p class="lead">
      {counted(archived, 'file')} with {formatBytes(held.bytes + freed.bytes)} {archived === 1 ? 'is' : 'are'} archived.
      {freed.bytes > 0n && ` This has freed ${formatBytes(freed.bytes)} in OMERO.`}
      {held.bytes > 0n && ` A further ${formatBytes(held.bytes)} will be freed when the originals are no longer held.`}
    </p>
  );
}

function AsOf({ usage: { omeroRead } }: Pick<UsageProps, 'usage'>): VNode {
  const { readAt, failed } = omeroRead;
  const age = readAt && (
    <>
      What is in OMERO, archived or not, was read <When at={readAt} />.
    </>
  );
  if (failed === null) return <p class="muted">{age ?? 'What is in OMERO is not known before the next scan.'}</p>;
  return (
    <p class="alert" role="alert">
      What is in OMERO could not be read. {failed} {age}
    </p>
  );
}

function Totals({ usage: { totals, saved } }: Pick<UsageProps, 'usage'>): VNode {
  const { parts, omero } = totals;
  return (
    <section class="card" aria-label="Totals">
      <dl class="facts">
        {omero && <Fact name="In OMERO" value={formatBytes(omero.bytes)} />}
        <Fact name="Archived" value={formatBytes(parts.held.bytes + parts.freed.bytes)} />
        <Fact name="Space freed" value={formatBytes(parts.freed.bytes)} />
        {saved && <Fact name="Saved per year" value={money(saved)} />}
        <Fact name="Originals held" value={formatBytes(parts.held.bytes)} />
        <Fact name="Waiting for a decision" value={formatBytes(parts.waiting.bytes)} />
        <Fact name="Being archived" value={formatBytes(parts.beingArchived.bytes)} />
        <Fact name="Retrieved" value={formatBytes(parts.retrieved.bytes)} />
        <Fact name="In OMERO again" value={formatBytes(parts.back.bytes)} />
        <Fact name="Stuck" value={formatBytes(parts.stuck.bytes)} />
      </dl>
    </section>
  );
}

function Downloads({ site, choice, days, usage }: UsageProps): VNode {
  const link = (of: string, text: string): VNode => (
    <a class="button" href={site.href(addressOf('/usage.csv', choice, { of }))} download>
      {text}
    </a>
  );
  return (
    <section class="card">
      <h2>Downloads</h2>
      <p class="muted">All rows, with sizes in bytes, as CSV files for a spreadsheet.</p>
      <p class="row">
        {link('owners', 'People and groups')}
        {usage.projects.length > 0 && link('projects', 'Projects')}
        {days.length > 0 && link('days', 'Days')}
        <a class="button" href={site.href('/reports')}>
          Reports
        </a>
      </p>
    </section>
  );
}

function Nothing({ isChosen }: { readonly isChosen: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isChosen ? 'Nothing to show' : 'Nothing is archived yet'}</h2>
      <p>
        {isChosen
          ? 'There are no requests and no images that you may see. Show all, and choose a group or a person.'
          : 'Figures appear here with the first request: mark images in OMERO, and the next scan makes a request of them.'}
      </p>
    </section>
  );
}
