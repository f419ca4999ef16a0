import { NotYet, Refused } from '@coldroom/domain';
import { Output } from './output';
import { untilNotBusy } from './waiting';

describe('untilNotBusy', () => {
  const out = new Output(true);
  const failing = (error: Error, times: number): { calls: number; work: () => Promise<string> } => {
    const counter = {
      calls: 0,
      work: async () => {
        counter.calls += 1;
        if (counter.calls <= times) throw error;
        return 'done';
      },
    };
    return counter;
  };

  it('repeats while a bag is busy, until the limit', async () => {
    const busy = new NotYet('BAG_BUSY', 'Bag b is being worked on');
    const once = failing(busy, 1);
    expect(await untilNotBusy(out, once.work)).toBe('done');
    expect(once.calls).toBe(2);
    await expect(untilNotBusy(out, failing(busy, Infinity).work, 10)).rejects.toBe(busy);
  });
  it('repeats nothing else', async () => {
    const refused = failing(new Refused('NO_SUCH_REQUEST', 'x'), 1);
    await expect(untilNotBusy(out, refused.work)).rejects.toThrow('x');
    expect(refused.calls).toBe(1);
  });
});
