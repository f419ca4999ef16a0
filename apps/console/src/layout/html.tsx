import type { ComponentChildren, VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { may, type Action, type Role } from '@coldroom/operations';
import { liveAttributes, Stale, type Live } from '../live/live';
import type { Visitor } from '../sign-in/visitors';
import type { Site } from '../site';

/** What each page needs besides its own content. */
export interface Frame {
  readonly site: Site;
  readonly visitor?: Visitor | undefined;
}

export interface PageProps extends Frame {
  readonly title: string;
  /** The entry of the navigation that this page belongs to. */
  readonly section?: Section | undefined;
  readonly live?: Live | undefined;
  readonly children: ComponentChildren;
}

export type Section =
  | 'overview'
  | 'me'
  | 'requests'
  | 'files'
  | 'retrievals'
  | 'imports'
  | 'usage'
  | 'people'
  | 'stores'
  | 'audit'
  | 'system'
  | 'queues';

interface Entry {
  readonly section: Section;
  readonly path: string;
  readonly text: string;
  /** Shown to whoever may do this, below "More"; to everyone if it is missing. */
  readonly needs?: Action;
}

const entries: readonly Entry[] = [
  { section: 'overview', path: '/', text: 'Overview' },
  { section: 'me', path: '/me', text: 'My images' },
  { section: 'requests', path: '/requests', text: 'Requests' },
  { section: 'files', path: '/files', text: 'Files' },
  { section: 'retrievals', path: '/ask-back', text: 'Bring back' },
  { section: 'imports', path: '/imports', text: 'Imports' },
  { section: 'usage', path: '/usage', text: 'Usage' },
  { section: 'people', path: '/people', text: 'People', needs: 'seePeople' },
  { section: 'stores', path: '/stores', text: 'Stores', needs: 'seeStores' },
  { section: 'audit', path: '/audit', text: 'Audit', needs: 'seeAudit' },
  { section: 'system', path: '/system', text: 'System', needs: 'seeSystem' },
  { section: 'queues', path: '/queues', text: 'Queues', needs: 'seeQueues' },
];

/** Later ones change what earlier ones say. */
const styles = ['base', 'parts', 'tables-and-forms', 'narrow'];

export function Page({ site, visitor, title, section, live, children }: PageProps): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Coldroom`}</title>
        {styles.map((name) => (
          <link rel="stylesheet" href={site.href(`/assets/${name}.css`)} />
        ))}
        {live && <script type="module" src={site.href('/assets/live.js')} />}
        <link rel="icon" type="image/svg+xml" href={site.href('/assets/icon.svg')} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="bar">
          <a class="brand" href={site.href('/')}>
            <Sign /> Coldroom
          </a>
          {visitor && <Navigation site={site} visitor={visitor} section={section} />}
          {visitor && <SignedIn site={site} visitor={visitor} />}
        </header>
        <main id="content" tabIndex={-1} {...(live && liveAttributes(site, live))}>
          {live && <Stale />}
          {children}
        </main>
      </body>
    </html>
  );
}

/** No entry depends on what a facility chooses. */
const policy = { leadersDecide: false, fourEyes: false };

function Navigation({
  site,
  visitor,
  section,
}: Frame & { readonly visitor: Visitor } & Pick<PageProps, 'section'>): VNode {
  const more = entries.filter(({ needs }) => needs !== undefined && may(visitor.actor.roles, needs, ['other'], policy));
  const link = (entry: Entry): VNode => (
    <a href={site.href(entry.path)} aria-current={section === entry.section ? 'page' : undefined}>
      {entry.text}
    </a>
  );
  return (
    <nav aria-label="Main">
      {entries.filter(({ needs }) => needs === undefined).map(link)}
      {more.length > 0 && (
        <details>
          <summary aria-current={more.some((entry) => section === entry.section)}>More</summary>
          <div>{more.map(link)}</div>
        </details>
      )}
    </nav>
  );
}

/** As the icon of the page. */
function Sign(): VNode {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="3" />
      <path d="M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11" />
    </svg>
  );
}

function SignedIn({ site, visitor }: { readonly site: Site; readonly visitor: Visitor }): VNode {
  return (
    <form class="who" method="post" action={site.href('/sign-out')}>
      <Csrf visitor={visitor} />
      <span>
        <strong>{visitor.fullName}</strong>, {roleWords[visitor.actor.roles.at(-1) ?? 'researcher']}
      </span>
      {visitor.signOut !== 'none' && (
        <button class="plain" type="submit">
          Sign out
        </button>
      )}
    </form>
  );
}

export const roleWords: Readonly<Record<Role, string>> = {
  researcher: 'researcher',
  leader: 'group leader',
  manager: 'data manager',
  administrator: 'administrator',
  auditor: 'auditor',
};

/** In each form that changes something. */
export function Csrf({ visitor }: { readonly visitor: Visitor }): VNode {
  return <input type="hidden" name="_csrf" value={visitor.csrf ?? ''} />;
}

export function toHtml(page: VNode): string {
  return `<!doctype html>${render(page)}`;
}
