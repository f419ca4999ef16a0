import type { VNode } from 'preact';
import { expiryText, type Review } from '@coldroom/operations';
import { counted } from '@coldroom/terminal';
import { Fact } from '../layout/parts';

/** What people wrote about the images when they marked them. */
export function Notes({ review: { notes, request } }: { readonly review: Review }): VNode | null {
  const written = notes.filter(({ description, reason, expiry }) => description || reason || expiry);
  if (written.length === 0) return null;
  return (
    <section class="card" aria-label="Notes">
      <h2>{written.length === 1 ? 'Note' : 'Notes'}</h2>
      {written.map((note) => (
        <dl class="facts">
          {note.description && <Fact name="Description" value={note.description} />}
          {note.reason && <Fact name="Reason" value={note.reason} />}
          <Fact name="To be kept for" value={expiryText(note) ?? 'not said'} />
          <Fact name="Written by" value={note.by} />
          {note.images < request.markedImages && <Fact name="About" value={counted(note.images, 'image')} />}
        </dl>
      ))}
    </section>
  );
}

/** Why the request cannot be approved as it is. */
export function KeptImages({ review: { kept } }: { readonly review: Review }): VNode | null {
  if (kept.length === 0) return null;
  return (
    <section class="card problem" aria-label="Kept out of archiving">
      <h2>Kept out of archiving</h2>
      <p>It cannot be approved with these images. Choose other filesets, or have the Keep mark removed in OMERO.</p>
      <ul>
        {kept.map(({ imageId, by, reason, liftedBy }) => (
          <li>
            Image {String(imageId)}, kept by {by}: {reason || 'no reason given'}
            {liftedBy && <span class="muted"> (lifted by {liftedBy})</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
