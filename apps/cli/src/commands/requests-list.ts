import { requestsPage } from '@coldroom/api';
import { requestStates, type RequestState } from '@coldroom/domain';
import type { RequestSummary } from '@coldroom/register';
import { formatAge, formatBytes, formatCount, left, right, table, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { styled } from '../output';
import { parseNames } from '../parsing';

export function addRequestsList(requests: CliCommand): void {
  requests
    .command('list')
    .description('list requests, oldest first')
    .option('--state <states>', `only these, separated by commas: ${requestStates.join(', ')}`)
    .option('--proposed', 'also proposals of policies to which their owners can still object')
    .examples('requests list', 'requests list --state New,Error')
    .runs(async (context, { state, proposed }: { readonly state?: string; readonly proposed?: true }) => {
      const states = state === undefined ? undefined : parseNames(state, requestStates, 'state of a request');
      const found = await context.either<readonly RequestSummary[]>(
        (register) => register.requests.list({ states, withProposals: proposed ?? false }),
        (server) => server.all('requests', requestsPage, { state: states, proposed: proposed ? 'true' : undefined }),
      );
      const list = found.toReversed();
      return { document: { requests: list }, lines: lines(list, new Date()) };
    });
}

function lines(list: readonly RequestSummary[], now: Date): Lines {
  if (list.length === 0) return 'No requests.';
  const texts = ['state', 'owner', 'group', 'requester'];
  const numbers = ['images', 'files', 'bytes', 'skipped', 'stuck', 'archived'];
  return table(
    [right('request'), ...texts.map(left), ...numbers.map(right), left('asked')],
    list.map((one) => [
      one.id.toString(),
      coloured(one.state),
      one.owner,
      one.group,
      one.requester,
      formatCount(one.images),
      formatCount(one.files),
      formatBytes(one.bytes),
      some(one.skipped),
      some(one.stuck),
      some(one.linked),
      formatAge(one.createdAt, now),
    ]),
  );
}

export function coloured(state: RequestState): string {
  if (state === 'Error') return styled('red', state);
  if (state === 'New') return styled('yellow', state);
  return state === 'Finished' ? styled('green', state) : state;
}

function some(count: number): string {
  return count > 0 ? formatCount(count) : '';
}
