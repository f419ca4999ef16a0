import { NotYet, Refused } from '@coldroom/domain';
import { oneByOne, untilNotBusy, type Notice } from './busy';

describe('untilNotBusy', () => {
  const ignore = (): void => undefined;
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
    const notices: Notice[] = [];
    expect(await untilNotBusy((notice) => notices.push(notice), once.work)).toBe('done');
    expect(notices).toEqual([{ kind: 'busy', message: busy.message, limitMs: 60_000 }]);
    expect(once.calls).toBe(2);
    await expect(untilNotBusy(ignore, failing(busy, Infinity).work, 10)).rejects.toBe(busy);
  });
  it('repeats nothing else', async () => {
    const refused = failing(new Refused('NO_SUCH_REQUEST', 'x'), 1);
    await expect(untilNotBusy(ignore, refused.work)).rejects.toThrow('x');
    expect(refused.calls).toBe(1);
  });
});

describe('oneByOne', () => {
  const targets = [1n, 2n, 3n].map((id) => ({ kind: 'Request', ids: [id] }) as const);

  it('gives the result of each target', async () => {
    expect(
      await oneByOne(
        () => undefined,
        targets,
        async ({ ids }) => ids[0],
      ),
    ).toEqual([1n, 2n, 3n]);
  });
  it('reports what was done before a failure', async () => {
    const notices: Notice[] = [];
    const act = async ({ ids }: (typeof targets)[number]): Promise<void> => {
      if (ids[0] === 3n) throw new Refused('NO_SUCH_TARGET', 'x');
    };
    await expect(oneByOne((notice) => notices.push(notice), targets, act)).rejects.toThrow('x');
    expect(notices).toEqual([{ kind: 'partly done', targets: targets.slice(0, 2) }]);
  });
});
