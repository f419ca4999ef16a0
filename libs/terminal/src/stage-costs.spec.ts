import type { StageTime } from '@coldroom/register';
import { costOf, costsFrom } from './stage-costs';

const mib = 2 ** 20;
const small = { files: 256, bytes: BigInt(20 * mib) };
const large = { files: 1, bytes: BigInt(4096 * mib) };

describe('the cost of a stage', () => {
  it('is divided between files and bytes as bags of both kinds show', () => {
    const took = (bag: typeof small): number => 5 * bag.files + (Number(bag.bytes) / mib) * 7;
    const times = [small, large, small].map((bag): StageTime => ({ state: 'approved', ...bag, ms: took(bag) }));
    const cost = costsFrom(times).get('approved')!;
    for (const bag of [small, large]) expect(costOf(cost, bag) / took(bag)).toBeCloseTo(1, 0);
    expect(cost.perFile / 5).toBeCloseTo(1, 0);
  });
  it('is what bags of one kind took, even if a few took longer', () => {
    const times = [1000, 1000, 1600].map((ms): StageTime => ({ state: 'approved', ...small, ms }));
    expect(costOf(costsFrom(times).get('approved')!, small)).toBeCloseTo(1200);
  });
  it('is estimated from similar stages before the stage has worked', () => {
    const usual = (state: 'hashed' | 'sealed'): number => costOf(costsFrom([]).get(state)!, small);
    const slow = costOf(costsFrom([]).get('approved')!, small) * 8;
    const costs = costsFrom([{ state: 'approved', ...small, ms: slow }]);
    expect(costOf(costs.get('hashed')!, small)).toBeCloseTo(usual('hashed') * 8);
    expect(costOf(costs.get('sealed')!, small)).toBeCloseTo(usual('sealed'));
  });
});
