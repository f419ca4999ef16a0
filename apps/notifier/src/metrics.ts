import { Counter, Gauge } from 'prom-client';
import type { MailState } from '@coldroom/register';

export const queuedMails = new Counter({
  name: 'coldroom_mails_queued_total',
  help: 'Mails that events gave rise to',
  labelNames: ['topic'],
});
const mails = new Gauge({
  name: 'coldroom_mails',
  help: 'Mails in the outbox that are not sent, by state',
  labelNames: ['state'],
});

export function showMails(counts: Readonly<Record<MailState, number>>): void {
  for (const [state, count] of Object.entries(counts))
    if (state !== 'sent' && state !== 'digested') mails.set({ state }, count);
}
