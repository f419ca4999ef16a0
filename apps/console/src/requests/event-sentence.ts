import type { Happening } from '@coldroom/register';
import { counted } from '@coldroom/terminal';

const files = ({ files: count }: Happening): string => counted(count, 'file');

const sentences: Readonly<Record<string, (event: Happening) => string>> = {
  scan: () => 'Found by the scanner',
  adopt: ({ actor }) => `Taken over from the older tool by ${actor}`,
  approve: ({ actor }) => `Approved by ${actor}`,
  split: ({ actor, detail }) => {
    const { into, of, filesets } = detail as { into?: string; of?: string; filesets?: number };
    const part = filesets === 1 ? '1 fileset' : `${filesets} filesets`;
    return into ? `${actor} put ${part} aside as request ${into}` : `${actor} put this aside from request ${of}`;
  },
  decline: ({ actor }) => `Declined by ${actor}`,
  withdraw: ({ actor }) => `Withdrawn by ${actor}`,
  reopen: () => 'More belongs to it than was approved: it waits for a decision again',
  start: () => 'Archiving began',
  'not started': ({ code }) => `Archiving could not begin (${code ?? 'no code'})`,
  hash: (event) => `${files(event)} hashed and compared with OMERO`,
  copy: (event) => `${files(event)} copied to the store`,
  verify: (event) => `${files(event)} read back from the store and compared`,
  seal: (event) => `${files(event)} reported as durable by the store`,
  link: (event) => `${files(event)} replaced by links; the originals are kept`,
  release: (event) => `${files(event)} freed: their originals were removed`,
  undo: (event) =>
    event.to === 'undoing'
      ? `${files(event)} asked to be put back by ${event.actor}`
      : `${files(event)} put back or left in place`,
  restore: (event) => `${files(event)} retrieved on request of ${event.actor}`,
  recall: (event) => `${files(event)} requested for some days by ${event.actor}`,
  prolong: (event) => `${files(event)} made available for longer by ${event.actor}`,
  cancel: (event) => `${files(event)} stay archived: cancelled by ${event.actor}`,
  'retrieval asked': (event) => `A retrieval was requested by ${event.actor}`,
  'retrieval done': () => 'The retrieval was done',
  'retrieval blocked': () => 'The retrieval was blocked by files that need attention',
  bringOnline: (event) => `${files(event)} made readable by the store`,
  fetch: (event) => `${files(event)} fetched from the store`,
  verifyFetched: (event) => `${files(event)} compared with the digests of the originals`,
  place: (event) => `${files(event)} put in place of their links`,
  expire: (event) => `${files(event)} back in the archive only, as their time was over`,
  fail: (event) => `${files(event)} set aside (${event.code ?? 'no code'})`,
  retry: ({ actor }) => `Retried by ${actor}`,
};

/** What happened, as a colleague would say it; an event without a sentence of its own is named as the register has it. */
export function sentenceOf(event: Happening): string {
  return sentences[event.what]?.(event) ?? `${event.what} by ${event.actor}`;
}
