import { cancellationAnswer } from '@coldroom/api';
import { exitCodes } from '@coldroom/runtime';
import type { Result } from '../command';
import type { Context } from '../context';
import { cancelledLines, cancelQuestion, missingLine } from './retrieve-lines';
import type { RetrieveOptions } from './retrieve-there';

/** Cancels retrievals by the REST API of a console. */
export async function cancelThere(
  context: Context,
  targets: readonly string[],
  { dryRun = false, yes }: RetrieveOptions,
): Promise<Result> {
  const server = context.server();
  const planned = await server.post('retrievals/cancel', cancellationAnswer, { targets, dryRun: true });
  if (!('underWay' in planned)) throw new TypeError('the server has answered a dry run with what it did');
  const { underWay, missing, seen } = planned;
  const exitCode = missing.length > 0 ? exitCodes.partly : exitCodes.ok;
  if (dryRun || underWay.files === 0)
    return {
      document: { dryRun, cancelled: 0, underWay, missing },
      lines: [cancelledLines({ underWay }), missingLine(missing)],
      exitCode,
    };
  await context.confirm(cancelQuestion(underWay), yes);
  const order = { targets, ...(seen !== null && { seen }) };
  const done = await server.post('retrievals/cancel', cancellationAnswer, order);
  if (!('cancelled' in done)) throw new TypeError('the server has answered an order with a plan');
  return {
    document: { dryRun, cancelled: done.cancelled, underWay, missing },
    lines: [cancelledLines(done), missingLine(missing)],
    exitCode,
  };
}
