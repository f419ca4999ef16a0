import type { EventListing } from '@coldroom/register';

const sentences: Readonly<Record<string, (event: EventListing) => string>> = {
  scan: () => 'Found by the scanner',
  approve: ({ actor }) => `Approved by ${actor}`,
  split: ({ actor, detail }) => {
    const { into, of, filesets } = detail as { into?: string; of?: string; filesets?: number };
    const part = filesets === 1 ? '1 fileset' : `${filesets} filesets`;
    return into ? `${actor} put ${part} aside as request ${into}` : `${actor} put this aside from request ${of}`;
  },
  decline: ({ actor }) => `Declined by ${actor}`,
  reopen: () => 'More belongs to it than was approved: it waits for a decision again',
  start: () => 'Archiving began',
  hash: () => 'Originals hashed',
  copy: () => 'Copied to the store',
  verify: () => 'Copies read back and compared',
  seal: () => 'The store reports the copies as durable',
  link: () => 'Links replaced the originals',
  release: () => 'The space of the held originals was freed',
  undo: ({ actor }) => `Undone by ${actor}`,
  fail: ({ code }) => `A file got stuck (${code ?? 'no code'})`,
  retry: ({ actor }) => `Retried by ${actor}`,
};

/** What happened, as a colleague would say it; an event without a sentence of its own is named as the register has it. */
export function sentenceOf(event: EventListing): string {
  return sentences[event.what]?.(event) ?? `${event.what} by ${event.actor}`;
}
