import { Inject, Injectable } from '@nestjs/common';
import type { Facts, RequestSummary } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { NOTIFIER_SITE, type Site } from './notifier-settings';

/** What mails say about a request. */
@Injectable()
export class RequestFacts {
  constructor(@Inject(NOTIFIER_SITE) private readonly site: Site) {}

  of({ id, owner, requester, group, images, files, bytes, skipped }: RequestSummary): Facts {
    return {
      request: id.toString(),
      owner,
      requester,
      group,
      images: counted(images, 'image'),
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      ...(skipped > 0 ? { skipped: counted(skipped, 'file') } : {}),
      ...this.link(`requests/${id}`),
    };
  }

  /** A page of the console; nothing without one. */
  link(page: string): Facts {
    const { url } = this.site;
    return url === undefined ? {} : { link: new URL(page, url.endsWith('/') ? url : `${url}/`).href };
  }
}
