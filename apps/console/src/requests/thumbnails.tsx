import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';

interface Props {
  readonly images: Review['images'];
  /** Where people's browsers reach OMERO.web; undefined if the console was not told. */
  readonly omeroWeb: string | undefined;
}

/**
 * The first images, as OMERO.web shows them to whoever is signed in there: the console itself reads no images. Each leads
 * to its image in OMERO.web.
 */
export function Thumbnails({ images, omeroWeb }: Props): VNode | null {
  if (omeroWeb === undefined || images.length === 0) return null;
  return (
    <section class="card">
      <h2>Some of the images</h2>
      <ul class="thumbnails">
        {images.map(({ imageId, name }) => (
          <li key={String(imageId)}>
            <a href={new URL(`webclient/?show=image-${imageId}`, omeroWeb).href} title={name}>
              <img
                src={new URL(`webgateway/render_thumbnail/${imageId}/96/`, omeroWeb).href}
                alt={name}
                width={96}
                height={96}
                loading="lazy"
              />
            </a>
          </li>
        ))}
      </ul>
      <p class="small muted">Sign in to OMERO.web in this browser to see them.</p>
    </section>
  );
}
