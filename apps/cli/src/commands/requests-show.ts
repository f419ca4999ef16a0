import { review } from '@coldroom/api';
import { expiryText, requestDetails, type RequestDetails, type Stuck, type WithExamples } from '@coldroom/operations';
import { below, formatCount, formatTime, pairs, section, shortened, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { amountTable, eventLines, helpLines, words } from '../lines';
import { parseId } from '../parsing';
import { coloured } from './requests-list';

export function addRequestsShow(requests: CliCommand): void {
  requests
    .command('show')
    .argument('<request>', 'its number, or Request:3')
    .description('show what there is to know before a request is approved, and how far it is afterwards')
    .examples('requests show 3')
    .runs(async (context, word: string) => {
      const id = parseId(word, 'Request', 'requests show');
      const details = await context.either<RequestDetails>(
        (register) => requestDetails(register, id),
        (server) => server.get(`requests/${id}`, review),
      );
      return { document: details, lines: lines(details) };
    });
}

function lines({ request, states, notes, kept, included, skipped, stuck, events }: RequestDetails): Lines {
  const includedCount = request.images - request.markedImages;
  return [
    pairs([
      ['Request', request.id.toString()],
      ['State', coloured(request.state)],
      ['Owner', request.owner],
      ['Group', request.group],
      ['Requester', request.requester],
      ['Policy', request.policyTitle ?? undefined],
      ['Objections until', request.objectionsUntil ? formatTime(request.objectionsUntil) : undefined],
      ['Asked', formatTime(request.createdAt)],
      ['Decided by', request.decidedBy ?? undefined],
      ['Reason', request.reason ?? undefined],
      [
        'Images',
        `${formatCount(request.images)}: ${formatCount(request.markedImages)} marked, ${formatCount(includedCount)} included because they share files`,
      ],
      ['Filesets', formatCount(request.filesets)],
      ['To archive', words(request)],
    ]),
    section(
      'Notes',
      notes.map((note) => noteLines(note)),
    ),
    section(
      'Kept out of archiving: it cannot be approved with these',
      kept.map(
        ({ imageId, by, reason, liftedBy }) =>
          `Image:${imageId}  kept by ${by}: ${reason}${liftedBy && ` (lifted by ${liftedBy})`}`,
      ),
    ),
    section('Files', amountTable(states)),
    section(
      'Included',
      shortened(
        included.map((image) => `Image:${image.imageId}  ${image.fileset}  ${image.name}`),
        includedCount,
      ),
    ),
    section(
      'Skipped: these stay as they are',
      skipped.map((row) => exampleLines(row)),
    ),
    section(
      'Stuck',
      stuck.map((row) => exampleLines(row, row)),
    ),
    section('Newest events', eventLines(events)),
    request.state === 'New' &&
      section('Decide', [
        `coldroom requests approve ${request.id}`,
        `coldroom requests decline ${request.id} --reason "..."`,
      ]),
  ];
}

function noteLines({ by, expiry, description, reason, images }: RequestDetails['notes'][number]): Lines {
  return [
    `${by}, for ${formatCount(images)} of the images`,
    below([
      pairs([
        ['Description', description || undefined],
        ['Reason', reason || undefined],
        ['To be kept for', expiryText({ expiry })],
      ]),
    ]),
  ];
}

function exampleLines(row: WithExamples, help?: Stuck): Lines {
  const examples = row.examples.map(({ id, path, reason }) => `File:${id}  ${path}${reason ? `: ${reason}` : ''}`);
  return [`${row.code}: ${words(row)}`, below([shortened(examples, row.files), help && helpLines(help)])];
}
