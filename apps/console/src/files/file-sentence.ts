import type { EventListing } from '@coldroom/register';

type Detail = Readonly<Record<string, unknown>>;

const textOf = ({ detail }: EventListing, key: string): string | undefined => {
  const value = (detail as Detail | null)?.[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

/** What happened to one file, its bag or its request. */
const sentences: Readonly<Record<string, (event: EventListing) => string>> = {
  scan: () => 'Found by the scanner',
  approve: ({ actor }) => `Its request was approved by ${actor}`,
  decline: ({ actor }) => `Its request was declined by ${actor}`,
  withdraw: ({ actor }) => `Its request was withdrawn by ${actor}`,
  split: ({ actor }) => `${actor} divided its request`,
  reopen: () => 'Its request has grown and waits for a decision again',
  start: () => 'Archiving began',
  'not started': ({ code }) => `Archiving could not begin (${code ?? 'no code'})`,
  hash: () => 'Hashed and compared with OMERO',
  copy: (event) => `Copied to the store${named(event, 'store')}`,
  copyAgain: () => 'To be copied once more, as the copy differed',
  verify: () => 'Its copy was read back and compared',
  seal: () => 'Its copy was reported as durable by the store',
  link: () => 'Replaced by a link; the original is kept',
  release: () => 'Its original was removed',
  undo: ({ to, actor }) =>
    to === 'undoing' ? `${actor} asked for its original to be put back` : 'Its original was put back or left in place',
  abandon: ({ actor }) => `Given up by ${actor}`,
  restore: ({ actor }) => `${actor} asked to bring it back`,
  recall: ({ actor }) => `${actor} asked to make it available`,
  prolong: (event) => `${event.actor} made it available for ${textOf(event, 'days') ?? 'some'} days more`,
  cancel: ({ actor }) => `Cancelled by ${actor}`,
  bringOnline: () => 'Made readable by the store',
  bringOnlineAgain: () => 'To be made readable by the store once more',
  fetch: (event) => `Fetched from the store${named(event, 'store')}`,
  fetchAgain: () => 'To be fetched once more, as what was fetched differed',
  verifyFetched: () => 'What was fetched has the digests of the original',
  place: ({ to }) => (to === 'recalled' ? 'Made available through its link' : 'Put in place of its link'),
  expire: () => 'In the archive only, as its time was over',
  move: ({ actor }) => `${actor} asked to move it to another store`,
  moveCopy: () => 'Copied to the other store',
  moveCopyAgain: () => 'To be copied to the other store once more',
  moveVerify: () => 'Its copy in the other store was read back and compared',
  moveSeal: () => 'Its copy in the other store was reported as durable',
  moveLink: () => 'Its link leads to the other store',
  relink: ({ actor }) => `${actor} asked to lead its link to where the store is now`,
  fail: (event) => `Set aside (${event.code ?? 'no code'})${reasonOf(event)}`,
  'attempt failed': (event) => `An attempt failed${event.code === null ? '' : ` (${event.code})`}${reasonOf(event)}`,
  retry: ({ actor }) => `${actor} had it tried again`,
  adopt: (event) => `Taken over from the older tool${event.code === null ? '' : ` (${event.code})`}`,
  rebuild: () => 'Added to the register from its bag',
  'copy bad': (event) => `A check found its copy damaged (${event.code ?? 'no code'})`,
  'copy good again': () => 'A check found its copy good again',
  'retrieval asked': ({ actor }) => `A retrieval was requested by ${actor}`,
  'retrieval done': () => 'The retrieval was done',
  'retrieval blocked': () => 'The retrieval was blocked by a file that needs attention',
};

const named = (event: EventListing, key: string): string => {
  const name = textOf(event, key);
  return name === undefined ? '' : ` ${name}`;
};
const reasonOf = (event: EventListing): string => {
  const reason = textOf(event, 'reason');
  return reason === undefined ? '' : `: ${reason}`;
};

/** As a colleague would say it; an event without a sentence of its own is named as the register has it. */
export function fileSentence(event: EventListing): string {
  return sentences[event.what]?.(event) ?? `${event.what} by ${event.actor}`;
}
