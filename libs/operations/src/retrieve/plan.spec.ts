import type { RetrievalPlan } from '@coldroom/register';
import { recallOrder, refuseWithoutSpace, restoreOrder, type PlannedRetrieval } from './plan';

const none = { files: 0, bytes: 0n };
const plan: RetrievalPlan = {
  fetch: [],
  filesets: 1,
  images: 1,
  held: none,
  underWay: none,
  notArchived: { files: 0, filesets: 0, states: [] },
};
const planned: PlannedRetrieval = {
  order: restoreOrder(),
  plan,
  needs: { files: 1, bytes: 100n },
  freeBytes: 99n,
  estimates: [],
  waits: [],
};

it.each([0, -1, 1.5, Number.NaN, 3651])('refuses a recall for %p days', (days) => {
  expect(() => recallOrder(days)).toThrow('a whole number of days from 1 to 3650');
});

it('needs space for a restore, as far as this machine can see', () => {
  expect(() => refuseWithoutSpace(planned)).toThrow('100 B are to be brought back, but only 99 B are free');
  for (const enough of [{ freeBytes: 100n }, { freeBytes: undefined }, { order: recallOrder(1) }])
    expect(() => refuseWithoutSpace({ ...planned, ...enough })).not.toThrow();
});
