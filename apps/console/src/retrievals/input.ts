import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import { containerKinds, type Retrieval } from '@coldroom/domain';
import {
  mostContainers,
  parseTargets,
  recallOrder,
  restoreOrder,
  splitContainers,
  UsageError,
  type Wanted,
} from '@coldroom/operations';
import type { RetrievalOrder } from '@coldroom/register';

/** More objects are not named at once. */
export const mostIds = 1000;

const daysText = z
  .union([z.number(), z.string().regex(/^\d{1,5}$/)])
  .transform(Number)
  .optional();

const form = z.strictObject({
  _csrf: z.string().optional(),
  what: z.string().max(30_000),
  way: z.enum(['restore', 'recall']).default('restore'),
  days: daysText,
  seen: z.string().max(100).optional(),
});

/** What to bring back, and how. */
export interface Wish {
  readonly what: string;
  readonly wanted: Wanted;
  readonly order: RetrievalOrder;
}

export const defaultDays = 14;

/** As the form on the page sends it; undefined where nothing is named yet. A `BadRequestException` says what is wrong. */
export function parseWish(given: unknown): Wish | undefined {
  const parsed = form.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadRequestException(`${issue?.path.join('.') || 'the form'}: ${issue?.message}`);
  }
  const { what, way, days, seen } = parsed.data;
  const order = orderOf(way, days);
  return what.trim() === '' ? undefined : { what, wanted: { ...wantedIn(what), seen }, order };
}

export function orderOf(way: Retrieval, days = defaultDays): RetrievalOrder {
  return asBadRequest(() => (way === 'recall' ? recallOrder(days) : restoreOrder()));
}

/** `Image:1,2 Fileset:9 Request:3 Dataset:4`; bare numbers are images. */
export function wantedIn(what: string): Wanted {
  const words = what
    .trim()
    .split(/\s+|,\s+/)
    .filter((word) => word !== '');
  if (words.length > mostIds || idsIn(what) > mostIds)
    throw new BadRequestException(`At most ${mostIds} objects can be named at once.`);
  return asBadRequest(() => {
    const { containers, others } = splitContainers(words);
    if (containers.length > mostContainers)
      throw new UsageError(`At most ${mostContainers} datasets, projects, plates and screens can be named at once`);
    return { targets: parseTargets(others, ['Image', 'Fileset', 'Request'], 'Image', containerKinds), containers };
  });
}

/** Counted before any range is written out. */
function idsIn(what: string): number {
  let count = 0;
  for (const [, from, to] of what.matchAll(/(\d+)(?:-(\d+))?/g)) {
    const size = to === undefined ? 1n : BigInt(to.slice(0, 20)) - BigInt((from as string).slice(0, 20)) + 1n;
    count += size > mostIds ? mostIds + 1 : Math.max(1, Number(size));
  }
  return count;
}

function asBadRequest<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) throw new BadRequestException(error.message);
    throw error;
  }
}
