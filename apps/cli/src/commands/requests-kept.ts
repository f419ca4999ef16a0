import type { KeptListing, Register } from '@coldroom/register';
import { formatTime, left, right, table, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';

const atOnce = 10_000;

export function addRequestsKept(requests: CliCommand): void {
  requests
    .command('kept')
    .description('list the images that people keep out of archiving, as the last scan found them')
    .examples('requests kept')
    .runs(async (context) => {
      const kept = await context.register(allOf);
      return { document: { kept }, lines: lines(kept) };
    });
}

async function allOf({ kept }: Register): Promise<readonly KeptListing[]> {
  const all: KeptListing[] = [];
  for (let after: bigint | undefined; ;) {
    const some = await kept.list(atOnce, after);
    all.push(...some);
    if (some.length < atOnce) return all;
    after = some.at(-1)?.imageId;
  }
}

function lines(kept: readonly KeptListing[]): Lines {
  if (kept.length === 0) return 'No image is kept out of archiving.';
  return table(
    [right('image'), left('kept by'), left('lifted by'), left('since'), left('reason')],
    kept.map(({ imageId, by, liftedBy, since, reason }) => [
      imageId.toString(),
      by,
      liftedBy,
      formatTime(since),
      reason,
    ]),
  );
}
