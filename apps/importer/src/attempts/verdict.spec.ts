import type { AttemptResult } from '@coldroom/domain';
import { afterLook, type Situation } from './verdict';

const result = (missing: readonly number[], unclear: readonly bigint[] = []): AttemptResult => ({
  complete: new Map(),
  missing,
  unclear,
});
const settings = { lateMs: 1000, pausesMs: [10, 20] };
const step = (found: AttemptResult, situation: Partial<Situation> = {}): object =>
  afterLook(found, { attempts: 1, closedAt: null, cancelled: false, ...situation }, settings);

it.each([
  [0, { event: 'attempt', to: 'importing', delayMs: 0 }], // all of them were cut off by our own end
  [1, { event: 'attempt', to: 'importing', delayMs: 10 }],
  [2, { event: 'attempt', to: 'importing', delayMs: 20 }],
  [3, { event: 'fail', to: 'stuck', code: 'IMPORT_FAILED' }],
])('after %s attempts that count and made nothing', (attempts, expected) => {
  expect(step(result([1]), { attempts })).toMatchObject(expected);
});

it('waits for late images, and leaves what is unclear to a person', () => {
  const closedAt = new Date();
  expect(() => step(result([], [7n]), { closedAt })).toThrow(/may still finish/);
  expect(step(result([], [7n]))).toMatchObject({
    code: 'IMPORT_INCOMPLETE',
    reason: expect.stringContaining('Fileset:7'),
  });
  expect(step(result([]), { closedAt, cancelled: true })).toMatchObject({ event: 'takeOver' });
});
