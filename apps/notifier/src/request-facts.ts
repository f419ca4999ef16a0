import { Inject, Injectable } from '@nestjs/common';
import { expiryText } from '@coldroom/operations';
import type { Facts, NoteListing, RequestSummary } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { NOTIFIER_SITE, type Site } from './notifier-settings';

const shownNotes = 3;

/** A mail has the beginning of a long text; the console has all of it. */
const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** What mails say about a request. */
@Injectable()
export class RequestFacts {
  constructor(@Inject(NOTIFIER_SITE) private readonly site: Site) {}

  of(
    { id, owner, requester, group, images, files, bytes, skipped }: RequestSummary,
    notes: readonly NoteListing[] = [],
  ): Facts {
    return {
      request: id.toString(),
      owner,
      requester,
      group,
      images: counted(images, 'image'),
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      ...(skipped > 0 ? { skipped: counted(skipped, 'file') } : {}),
      notes: notes.slice(0, shownNotes).map((note) => ({
        description: shortened(note.description),
        reason: shortened(note.reason),
        expiry: expiryText(note) ?? '',
      })),
      ...this.link(`requests/${id}`),
    };
  }

  /** A page of the console; nothing without one. */
  link(page: string): Facts {
    const { url } = this.site;
    return url === undefined ? {} : { link: new URL(page, url.endsWith('/') ? url : `${url}/`).href };
  }
}
