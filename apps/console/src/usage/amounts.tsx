import type { VNode } from 'preact';
import type { UsageLine } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { money } from '../layout/money';
import { Rows } from '../layout/rows';
import { addressOf } from './input';
import type { UsageProps } from './props';

/** More are in the files to download. */
const most = 50;

const amounts = [
  { title: 'In OMERO', number: true },
  { title: 'Archived', number: true },
  { title: 'Freed', number: true },
  { title: 'Being archived', number: true },
  { title: 'Retrieved', number: true },
  { title: 'Stuck', number: true },
];

function cellsOf({ parts, omero }: UsageLine): readonly string[] {
  return [
    omero ? formatBytes(omero.bytes) : 'not known',
    ...[parts.held.bytes + parts.freed.bytes, parts.freed.bytes, parts.beingArchived.bytes].map(formatBytes),
    ...[parts.retrieved.bytes, parts.stuck.bytes].map(formatBytes),
  ];
}

export function Groups({ site, choice, usage: { groups } }: UsageProps): VNode {
  return (
    <section class="card">
      <h2>By group</h2>
      <Rows
        label="By group"
        columns={[{ title: 'Group' }, ...amounts]}
        rows={groups.slice(0, most).map((group) => ({
          key: group.groupId.toString(),
          cells: [
            <a class="name" href={site.href(addressOf('/usage', { ...choice, groupId: group.groupId }))}>
              {group.group}
            </a>,
            ...cellsOf(group),
          ],
        }))}
      />
      <Rest of={groups.length} />
    </section>
  );
}

export function Owners({ site, choice, usage: { owners } }: UsageProps): VNode {
  return (
    <section class="card">
      <h2>By person</h2>
      <Rows
        label="By person"
        columns={[{ title: 'Owner' }, ...amounts]}
        rows={owners.slice(0, most).map((owner) => ({
          key: `${owner.groupId} ${owner.ownerId}`,
          cells: [
            <>
              <a class="name" href={site.href(addressOf('/usage', { ...choice, ownerId: owner.ownerId }))}>
                {owner.fullName}
              </a>{' '}
              <span class="muted name">{owner.group}</span>
            </>,
            ...cellsOf(owner),
          ],
        }))}
      />
      <Rest of={owners.length} />
    </section>
  );
}

export function Projects({ usage: { projects } }: UsageProps): VNode | null {
  if (projects.length === 0) return null;
  return (
    <section class="card">
      <h2>By project</h2>
      <Rows
        label="By project"
        columns={[
          { title: 'Project' },
          { title: 'Filesets', number: true },
          { title: 'In OMERO', number: true },
          { title: 'Archived', number: true },
        ]}
        rows={projects.slice(0, most).map((project) => ({
          key: `${project.projectId} ${project.groupId} ${project.ownerId}`,
          cells: [
            <>
              <span class="name">{project.name}</span>{' '}
              <span class="muted name">
                {project.fullName}, {project.group}
              </span>
            </>,
            formatCount(project.filesets),
            formatBytes(project.bytes),
            formatBytes(project.archivedBytes),
          ],
        }))}
      />
      <Rest of={projects.length} />
      <p class="small muted totals">
        As OMERO has them. A fileset whose images are in several projects counts in each.
      </p>
    </section>
  );
}

export function Stores({ usage: { stores } }: Pick<UsageProps, 'usage'>): VNode | null {
  if (stores.length === 0) return null;
  return (
    <section class="card">
      <h2>By store</h2>
      <Rows
        label="By store"
        columns={[
          { title: 'Store' },
          { title: 'Files', number: true },
          { title: 'Copies', number: true },
          { title: 'Cost per year', number: true },
        ]}
        rows={stores.map(({ store, files, bytes, cost }) => ({
          key: store,
          cells: [
            <span class="name">{store}</span>,
            formatCount(files),
            formatBytes(bytes),
            cost ? money(cost) : <span class="muted">no price</span>,
          ],
        }))}
      />
    </section>
  );
}

function Rest({ of }: { readonly of: number }): VNode | null {
  if (of <= most) return null;
  return (
    <p class="small muted totals">
      The {most} largest of {formatCount(of)}. The files below have all.
    </p>
  );
}
