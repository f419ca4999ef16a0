import type { VNode } from 'preact';
import { amount, stays, type Opened, type OpenedImage, type Stay } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { StayBadge } from '../files/stay';
import { Page, type Frame } from '../layout/html';
import { words } from '../me/me-page';
import type { Chosen } from './input';

interface Props extends Frame {
  readonly chosen: Chosen;
  readonly opened: Opened;
}

export function OpenPage({ chosen, opened, ...frame }: Props): VNode {
  const { images, containers, missing, empty } = opened;
  const groups = stays
    .map((stay) => ({ stay, some: images.filter((image) => image.stay === stay) }))
    .filter(({ some }) => some.length > 0);
  return (
    <Page {...frame} title="Chosen in OMERO">
      <div class="heading">
        <h1>{titleOf(opened)}</h1>
        {images.length > 0 && opened.unseen > 0 && <p class="lead">{unseenOf(opened)}</p>}
        <AskBack {...frame} chosen={chosen} opened={opened} />
      </div>
      {containers.length > 0 && <Containers containers={containers} />}
      {groups.map(({ stay, some }) => (
        <Group {...frame} stay={stay} images={some} />
      ))}
      {missing.length > 0 && <Missing missing={missing} />}
      {empty.length > 0 && <Empty empty={empty} />}
      {chosen.images.length + chosen.containers.length === 0 && <Nothing />}
    </Page>
  );
}

/** Counts only what the person sees: images of others and unknown ones look alike. */
function titleOf({ images }: Opened): string {
  const archived = images.filter(({ stay }) => stay === 'archived' || stay === 'online').length;
  if (images.length === 0) return 'Chosen in OMERO';
  if (archived === images.length) return `${counted(archived, 'image')} in the archive`;
  return `${formatCount(archived)} of ${counted(images.length, 'image')} in the archive`;
}

const unseenOf = ({ unseen }: Opened): string =>
  `${formatCount(unseen)} more ${unseen === 1 ? 'is' : 'are'} not in the archive, or not yours to see.`;

/** Names containers instead of their images: addresses must not be long. */
function AskBack({ site, chosen, opened }: Pick<Props, 'site' | 'chosen' | 'opened'>): VNode | null {
  const away = opened.images.filter(({ retrievable }) => retrievable).map(({ imageId }) => imageId);
  if (away.length === 0) return null;
  const images = chosen.images.filter((id) => away.includes(id));
  const containers = opened.containers.filter(({ retrievable }) => retrievable).map(({ container }) => container);
  const what = [...(images.length > 0 ? [`Image:${images.join(',')}`] : []), ...containers].join(' ');
  return (
    <form method="get" action={site.href('/ask-back')}>
      <input type="hidden" name="what" value={what} />
      <button class="primary" type="submit">
        Bring {counted(away.length, 'image')} back…
      </button>
    </form>
  );
}

const mostNames = 20;

/** Images that are equally far, with their requests. */
function Group({ site, stay, images }: Pick<Props, 'site'> & { stay: Stay; images: readonly OpenedImage[] }): VNode {
  const requests = [...new Set(images.map(({ requestId }) => requestId))];
  const filesets = new Map(images.map((image) => [`${image.requestId} ${image.fileset}`, image]));
  const { files, bytes } = amount([...filesets.values()]);
  const more = images.length - mostNames;
  return (
    <section class="card">
      <h2 class="row">
        {counted(images.length, 'image')} <StayBadge stay={stay} />
      </h2>
      <p>
        {counted(files, 'file')}, {formatBytes(bytes)}: {words[stay]}.
      </p>
      <ul class="plain name">
        {images.slice(0, mostNames).map(({ imageId, name }) => (
          <li>
            {name} <span class="muted nobreak">Image {String(imageId)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="small muted">and {formatCount(more)} more</p>}
      <p class="small">
        {requests.slice(0, mostNames).map((id) => (
          <>
            <a href={site.href(`/requests/${id}`)}>Request {String(id)}</a>{' '}
          </>
        ))}
      </p>
    </section>
  );
}

function Missing({ missing }: Pick<Opened, 'missing'>): VNode {
  const more = missing.length - 5 * mostNames;
  return (
    <section class="card">
      <h2>{counted(missing.length, 'image')} not in the archive, or not yours to see</h2>
      <p>Mark images in OMERO to have them archived: the next scan makes a request of them.</p>
      <p class="path muted">{missing.slice(0, 5 * mostNames).join(', ')}</p>
      {more > 0 && <p class="small muted">and {formatCount(more)} more</p>}
    </section>
  );
}

/** As people say it: `Dataset 7`. */
const spoken = (container: string): string => container.replace(':', ' ');

function Containers({ containers }: Pick<Opened, 'containers'>): VNode {
  return (
    <section class="card">
      <ul class="plain name">
        {containers.map(({ container, name, images, missing }) => (
          <li>
            {name} <span class="muted nobreak">{spoken(container)}</span>: {counted(images, 'image')}
            {missing > 0 &&
              `, of which ${formatCount(missing)} ${missing === 1 ? 'is' : 'are'} not in the archive, or not yours to see`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Empty({ empty }: Pick<Opened, 'empty'>): VNode {
  return (
    <section class="card">
      <h2>Nothing in the archive, or not yours to see</h2>
      <p class="name">{empty.map(spoken).join(', ')}</p>
    </section>
  );
}

function Nothing(): VNode {
  return (
    <section class="card empty">
      <h2>Nothing was chosen</h2>
      <p>Choose images in OMERO.web, and open them with Coldroom.</p>
    </section>
  );
}
