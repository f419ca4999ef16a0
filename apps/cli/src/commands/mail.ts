import { retryMails, sendTestMail, UsageError } from '@coldroom/operations';
import { mailStates, type MailChoice, type MailListing, type MailState, type PersonsChoice } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { formatAge, left, right, table, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { styled } from '../output';
import { parseNames, parseWhole } from '../parsing';

const usualLimit = 100;

export function addMailTest(mail: CliCommand): void {
  mail
    .command('test')
    .argument('<address>')
    .description('send a test mail with the present settings, and show what the server answers')
    .examples('mail test you@facility.example.org')
    .runs(async (context, address: string) => {
      const answer = await sendTestMail(context.settings('mail'), address);
      return { document: { address, answer }, lines: `Accepted by the mail server: ${answer}` };
    });
}

export function addMailList(mail: CliCommand): void {
  mail
    .command('list')
    .description('list mails that are not sent and why, the newest first')
    .option('--state <states>', `these instead, separated by commas: ${mailStates.join(', ')}`)
    .option('--limit <number>', `at most so many (default: ${usualLimit})`)
    .examples('mail list', 'mail list --state sent --limit 10')
    .runs(async (context, { state, limit }: { readonly state?: string; readonly limit?: string }) => {
      const states =
        state === undefined
          ? mailStates.filter((one) => one !== 'sent' && one !== 'digested')
          : parseNames(state, mailStates, 'state of a mail');
      const most = limit === undefined ? usualLimit : parseWhole(limit, '--limit');
      const mails = await context.register(({ outbox }) => outbox.list(states, most));
      return { document: { mails }, lines: lines(mails, new Date()) };
    });
}

export function addMailRetry(mail: CliCommand): void {
  mail
    .command('retry')
    .argument('<mail...>', 'numbers of mails, as "mail list" shows them')
    .description('send mails again that were refused, or of which it is not known whether they were sent')
    .examples('mail retry 17 18')
    .runs(async (context, words: readonly string[]) => {
      const result = await context.register((register) => retryMails(register, words.map(numberOf)));
      const { retried, unchanged } = result;
      return {
        document: result,
        lines: [
          retried.length > 0 && `To be sent again: ${retried.join(', ')}`,
          unchanged.length > 0 &&
            `Not changed, because sent, being sent, without an address or unknown: ${unchanged.join(', ')}`,
        ],
        exitCode: unchanged.length > 0 ? exitCodes.partly : exitCodes.ok,
      };
    });
}

export function addMailChoices(mail: CliCommand): void {
  mail
    .command('choices')
    .description('list who wants one mail a day, or only those about data loss; everyone else gets mail at once')
    .option('--after <login>', 'those after this login')
    .option('--limit <number>', `at most so many (default: ${usualLimit})`)
    .examples('mail choices', 'mail choices --json')
    .runs(async (context, { after = '', limit }: { readonly after?: string; readonly limit?: string }) => {
      const most = limit === undefined ? usualLimit : parseWhole(limit, '--limit');
      const people = await context.register(({ mailChoices }) => mailChoices.list(after, most));
      return { document: { people }, lines: choiceLines(people, new Date()) };
    });
}

const choiceWords: Readonly<Record<MailChoice, string>> = {
  atOnce: 'at once',
  daily: 'one mail a day',
  none: 'only about data loss',
};

function choiceLines(people: readonly PersonsChoice[], now: Date): Lines {
  if (people.length === 0) return 'Everyone gets each mail at once.';
  return table(
    ['login', 'name', 'address', 'wants', 'since'].map(left),
    people.map(({ login, fullName, email, choice, changedAt }) => [
      login,
      fullName,
      email ?? '',
      choiceWords[choice],
      formatAge(changedAt, now),
    ]),
  );
}

function lines(mails: readonly MailListing[], now: Date): Lines {
  if (mails.length === 0) return 'No such mails.';
  return table(
    [
      right('mail'),
      ...['state', 'to', 'reason'].map(left),
      right('attempts'),
      ...['queued', 'code', 'answer'].map(left),
    ],
    mails.map((mail) => [
      mail.id.toString(),
      coloured(mail.state),
      mail.address ?? mail.recipient,
      mail.reason,
      String(mail.attempts),
      formatAge(mail.createdAt, now),
      mail.code ?? '',
      mail.answer ?? '',
    ]),
  );
}

function coloured(state: MailState): string {
  return state === 'refused' || state === 'unsure' ? styled('red', state) : state;
}

function numberOf(word: string): bigint {
  if (!/^[1-9]\d{0,17}$/.test(word))
    throw new UsageError(`"${word}" is no number of a mail; "coldroom mail list" shows them`);
  return BigInt(word);
}
