import { Injectable } from '@nestjs/common';
import { nextStep } from '@coldroom/operations';
import {
  Register,
  type Facts,
  type MailEvent,
  type MailPlan,
  type NewMail,
  type RequestSummary,
} from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

/** Bags on which no service works before a person acts, or time passes. */
const atRest: readonly string[] = ['linked', 'recalled', 'done'];

/** A file that gets stuck in these was archived before. */
const later: readonly (string | null)[] = [
  'linked',
  'undoing',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
  'moving',
  'moveCopied',
  'moveVerified',
  'moveSealed',
];

/** A request has been archived, or as much of it as can be without a person; or its originals are freed. */
@Injectable()
export class Outcomes implements Topic {
  readonly name = 'outcomes';
  /** Everything after which a request may have come to rest. */
  readonly events = ['seal', 'link', 'fail', 'abandon', 'release'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  /** What counts is how far the request is now: of several events, one mail follows. */
  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const mails: NewMail[] = [];
    const ofArchiving = events.filter(({ what, from }) => what !== 'release' && !later.includes(from));
    for (const [requestId, event] of lastOf(ofArchiving)) mails.push(...(await this.archived(requestId, event)));
    const releases = events.filter(({ what }) => what === 'release');
    for (const requestId of lastOf(releases).keys()) mails.push(...(await this.freed(requestId)));
    return { handled: idsOf(events), mails };
  }

  private async archived(requestId: bigint, event: bigint): Promise<readonly NewMail[]> {
    const { reports, requests } = this.register;
    // Cheap, by the bags: most events are in the middle of the work.
    const bags = await reports.progress(requestId);
    const working = bags.filter(({ state }) => !atRest.includes(state)).reduce((sum, row) => sum + row.bags, 0);
    if (working > 0 && working > (await reports.bagsBehindStuck(requestId))) return [];
    const request = await requests.get(requestId);
    if (!request) return [];
    return request.state === 'Error' ? this.partly(request, event) : this.whole(request);
  }

  private async whole(request: RequestSummary): Promise<readonly NewMail[]> {
    if (request.state !== 'Finished' || request.linked === 0) return [];
    return this.mail(request, { reason: `archived:${request.id}`, template: 'archived', facts: this.factsOf(request) });
  }

  private async partly(request: RequestSummary, event: bigint): Promise<readonly NewMail[]> {
    const stuck = (await this.register.reports.stuck(request.id)).map(({ code, files, bytes }) => ({
      code,
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      next: nextStep(code),
    }));
    const facts = { ...this.factsOf(request), stuck };
    return this.mail(request, { reason: `partly-archived:${request.id}:${event}`, template: 'partly-archived', facts });
  }

  private async freed(requestId: bigint): Promise<readonly NewMail[]> {
    const { reports, requests } = this.register;
    if ((await reports.progress(requestId)).some(({ state, bags }) => state !== 'done' && bags > 0)) return [];
    const request = await requests.get(requestId);
    const released = (await reports.counts(requestId)).filter(({ state }) => state === 'released');
    if (!request || released.length === 0) return [];
    const bytes = released.reduce((sum, row) => sum + row.bytes, 0n);
    const facts = { ...this.factsOf(request), freed: formatBytes(bytes) };
    return this.mail(request, { reason: `originals-freed:${request.id}`, template: 'originals-freed', facts });
  }

  private factsOf(request: RequestSummary): Facts {
    return { ...this.facts.of(request), linked: counted(request.linked, 'file') };
  }

  private async mail(request: RequestSummary, what: Parameters<typeof mailTo>[1]): Promise<readonly NewMail[]> {
    return mailTo(await this.recipients.ofRequest(request), what);
  }
}

/** The requests of these events, each with its last event. */
function lastOf(events: readonly MailEvent[]): ReadonlyMap<bigint, bigint> {
  return new Map(events.flatMap(({ requestId, id }) => (requestId === null ? [] : [[requestId, id]])));
}
