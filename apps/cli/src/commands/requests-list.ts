import type { Command } from 'commander';
import { requestStates, type RequestState } from '@coldroom/domain';
import type { RequestSummary } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { formatAge, formatBytes, formatCount, table } from '@coldroom/terminal';
import type { Act } from '../context';
import { examples } from '../examples';
import { parseNames } from '../options';
import { styled } from '../output';

export function addRequestsList(requests: Command, act: Act): void {
  requests
    .command('list')
    .description('list requests, oldest first')
    .option('--state <states>', `only these, separated by commas: ${requestStates.join(', ')}`)
    .addHelpText('after', examples('requests list', 'requests list --state New,Error'))
    .action((options: { readonly state?: string }) =>
      act(async (context) => {
        const states =
          options.state === undefined ? undefined : parseNames(options.state, requestStates, 'state of a request');
        const list = await context.register((register) => register.requests.list(states));
        context.out.result({ requests: list }, () => lines(list));
        return exitCodes.ok;
      }),
    );
}

function lines(list: readonly RequestSummary[]): readonly string[] {
  if (list.length === 0) return ['No requests.'];
  const now = new Date();
  const right = (title: string): { title: string; right: true } => ({ title, right: true });
  return table(
    [
      right('request'),
      { title: 'state' },
      { title: 'owner' },
      { title: 'group' },
      { title: 'requester' },
      right('images'),
      right('files'),
      right('bytes'),
      right('skipped'),
      right('stuck'),
      right('archived'),
      { title: 'asked' },
    ],
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
