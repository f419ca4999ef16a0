import { Inject, Injectable } from '@nestjs/common';
import { nextStep } from '@coldroom/operations';
import type { Facts, ImportForMail } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { NOTIFIER_SITE, type Site } from './notifier-settings';
import { RequestFacts } from './request-facts';

/** What mails say about an import. */
@Injectable()
export class ImportFacts {
  constructor(
    private readonly requests: RequestFacts,
    @Inject(NOTIFIER_SITE) private readonly site: Site,
  ) {}

  of(order: ImportForMail): Facts {
    const { id, display, target, group, files, bytes, images, code, reason, note, state, leftOut, leftOutFirst } =
      order;
    return {
      import: String(id),
      source: display,
      target,
      group,
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      ...(state === 'stuck' ? { reason: reason ?? code ?? '', code: code ?? '', next: nextStep(code ?? '') } : {}),
      ...(state === 'done' || state === 'emptied' ? { images: counted(images, 'image') } : {}),
      ...((state === 'done' || state === 'emptied') && leftOut > 0
        ? { leftOut: counted(leftOut, 'file'), leftOutFiles: `${leftOutFirst.join(', ')}${leftOut > 10 ? ', …' : ''}` }
        : {}),
      ...(note === null ? {} : { note }),
      ...this.inOmero(target),
      ...this.requests.link(`imports/${id}`),
    };
  }

  all(): Facts {
    return this.requests.link('imports');
  }

  /** Where OMERO.web shows the images: known where the target is named by its id. */
  private inOmero(target: string): Facts {
    const [, kind, id] = /^(Dataset|Screen):(?:id:)?(\d+)$/.exec(target) ?? [];
    const { omeroWeb } = this.site;
    if (omeroWeb === undefined || kind === undefined || id === undefined) return {};
    const base = omeroWeb.endsWith('/') ? omeroWeb : `${omeroWeb}/`;
    return { inOmero: new URL(`webclient/?show=${kind.toLowerCase()}-${id}`, base).href };
  }
}
