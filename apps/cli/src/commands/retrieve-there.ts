import type { z } from 'zod';
import { retrievalAnswer, retrievalReview } from '@coldroom/api';
import { byCode, waiting, type IncompleteContainer, type Waiting } from '@coldroom/operations';
import type { RetrievalOrder } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatCount } from '@coldroom/terminal';
import type { ChangeOptions, Result } from '../command';
import type { Context } from '../context';
import { becameStuck } from '../lines';
import { patiently } from '../patience';
import type { Server } from '../server';
import { follow } from '../waiting';
import { doneLine, estimateLines, missingLine, planLines, progressLine, waitLines } from './retrieve-lines';

export interface RetrieveOptions extends ChangeOptions {
  readonly wait: boolean;
  readonly cancel?: boolean;
  readonly days: string;
}

type Review = z.output<typeof retrievalReview>;

/** The API limits requests a minute: all retrievals together take at most half of what it grants by default. */
export const pauseMsFor = (retrievals: number): number => Math.max(5000, 200 * retrievals);

/** A restore or recall by the REST API of a console. */
export async function retrieveThere(
  context: Context,
  targets: readonly string[],
  { way, days }: RetrievalOrder,
  { dryRun = false, yes, wait }: RetrieveOptions,
): Promise<Result> {
  const server = context.server();
  const order = { targets, way, ...(way === 'recall' && { days }) };
  const planned = await server.post('retrievals', retrievalAnswer, { ...order, dryRun: true });
  if (!('plan' in planned)) throw new TypeError('the server has answered a dry run with what it did');
  const { plan, needs, freeBytes, estimates, waits, missing, incomplete } = planned;
  const shown = [
    planLines({ freeBytes, ...planned }),
    estimateLines({ freeBytes, ...planned }),
    waitLines(waits),
    missingLine(missing),
    ...incomplete.map(incompleteLine),
  ];
  const someStay = plan.notArchived.files > 0 || missing.length > 0;
  if (dryRun || needs.files + plan.held.files === 0)
    return {
      document: { dryRun, plan, freeBytes: freeBytes ?? null, estimates, waits, missing, incomplete },
      lines: shown,
      exitCode: someStay ? exitCodes.partly : exitCodes.ok,
    };
  await context.confirm([shown, 'Continue?'], yes);
  const asked = await server.post('retrievals', retrievalAnswer, order);
  if (!('asked' in asked)) throw new TypeError('the server has answered an order with a plan');
  const amounts = wait ? await follow(context.out, untilBrought(server, asked.retrievals), progressLine) : [];
  const stuck = byCode(amounts.filter(({ state }) => state === 'stuck'));
  return {
    document: { ...asked, estimates, waited: wait, stuck },
    lines: [doneLine(way, asked, wait, stuck.length > 0), missingLine(missing), becameStuck(stuck)],
    exitCode: stuck.length > 0 || someStay ? exitCodes.partly : exitCodes.ok,
  };
}

function incompleteLine({ container, images, missing }: IncompleteContainer): string {
  return `Not in the archive, or not for this token: ${formatCount(missing)} of ${counted(images, 'image')} of ${container}`;
}

/** Waits until none of these retrievals is under way; returns what their files are then. */
export async function* untilBrought(
  server: Server,
  ids: readonly bigint[],
  pauseMs = pauseMsFor(ids.length),
): AsyncGenerator<Waiting<Review['amounts']>, Review['amounts']> {
  const reviews = new Map<bigint, Review>();
  const isUnderWay = (id: bigint): boolean => (reviews.get(id)?.retrieval.state ?? 'under way') === 'under way';
  return yield* waiting({
    read: async () => {
      for (const id of ids.filter(isUnderWay))
        reviews.set(id, await patiently(() => server.get(`retrievals/${id}`, retrievalReview), pauseMs));
      return [...reviews.values()].flatMap(({ amounts }) => amounts);
    },
    isOver: () => !ids.some(isUnderWay),
    pauseMs,
  });
}
