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
  const { images, missing } = opened;
  const groups = stays
    .map((stay) => ({ stay, some: images.filter((image) => image.stay === stay) }))
    .filter(({ some }) => some.length > 0);
  return (
    <Page {...frame} title="Chosen in OMERO">
      <div class="heading">
        <h1>{titleOf(chosen, opened)}</h1>
        <AskBack {...frame} images={images} />
      </div>
      {groups.map(({ stay, some }) => (
        <Group {...frame} stay={stay} images={some} />
      ))}
      {missing.length > 0 && <Missing missing={missing} />}
      <Containers chosen={chosen} />
      {chosen.image.length === 0 && !hasContainers(chosen) && <Nothing />}
    </Page>
  );
}

function titleOf({ image }: Chosen, { images }: Opened): string {
  if (image.length === 0) return 'Chosen in OMERO';
  const archived = images.filter(({ stay }) => stay === 'archived' || stay === 'online').length;
  if (archived === image.length) return `${counted(archived, 'image')} in the archive`;
  return `${formatCount(archived)} of ${counted(image.length, 'image')} in the archive`;
}

/** As few characters as possible: addresses must not be long. */
function AskBack({ site, images }: Pick<Props, 'site'> & Pick<Opened, 'images'>): VNode | null {
  const away = images.filter(({ retrievable }) => retrievable).map(({ imageId }) => imageId);
  if (away.length === 0) return null;
  return (
    <form method="get" action={site.href('/ask-back')}>
      <input type="hidden" name="what" value={`Image:${away.join(',')}`} />
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
      <h2>{counted(missing.length, 'image')} not in the archive</h2>
      <p>Mark images in OMERO to have them archived: the next scan makes a request of them.</p>
      <p class="path muted">{missing.slice(0, 5 * mostNames).join(', ')}</p>
      {more > 0 && <p class="small muted">and {formatCount(more)} more</p>}
    </section>
  );
}

const containers = ['dataset', 'project', 'plate', 'screen'] as const;
const hasContainers = (chosen: Chosen): boolean => containers.some((kind) => chosen[kind].length > 0);

/** Only OMERO knows what is in them. */
function Containers({ chosen }: Pick<Props, 'chosen'>): VNode | null {
  if (!hasContainers(chosen)) return null;
  const named = containers.filter((kind) => chosen[kind].length > 0).map((kind) => counted(chosen[kind].length, kind));
  return (
    <section class="card">
      <h2>{named.join(', ')}</h2>
      <p>Coldroom knows images only. Open the images in OMERO.web, choose them there, and open them here again.</p>
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
