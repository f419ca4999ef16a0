import { fileStates, next, retryState, transitions, workStates, type FileState } from '@coldroom/domain';
import type { Target } from './targets';
import { freshRegister } from '../testing/fresh-register';
import { running, statesOf } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
});
afterAll(() => place.drop());

let bags = 0;
const newBag = (): string => `again-${(bags += 1)}`;

/** A request whose one file is in `state`, or is stuck from it. */
async function fileIn(state: FileState, stuckFrom?: FileState): Promise<Target & { readonly requestId: bigint }> {
  const requestId = await running(place.register, { 'Fileset:1': [1n] });
  await place.sql.query(
    `UPDATE file SET state = $2, stuck_from = $3, code = CASE WHEN $2 IN ('stuck', 'skipped') THEN 'TROUBLE' END, released_at = CASE WHEN $2 = 'released' THEN now() END WHERE request_id = $1`,
    [requestId, state, stuckFrom ?? null],
  );
  await place.sql.query(`UPDATE bag SET state = CASE WHEN $2 = ANY($3) THEN $2 ELSE 'done' END WHERE request_id = $1`, [
    requestId,
    state,
    workStates,
  ]);
  return { kind: 'Request', ids: [requestId], requestId };
}

const unstuck = fileStates.filter((state) => state !== 'stuck').map((state) => [state, undefined] as const);
const stuckFroms = fileStates
  .filter((state) => next(state, 'fail') && state !== 'registered')
  .map((from) => ['stuck', from] as const);

describe('what a person may do in each state', () => {
  describe.each([...unstuck, ...stuckFroms])('%s (from %s)', (state, from) => {
    const untouched: readonly FileState[] = ['approved', 'hashed', 'copied', 'verified'];
    const maybeLinked: readonly FileState[] = ['sealed', 'linked', 'undoing'];
    const comingBack: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'recalled'];
    const stands = from ?? state;

    it('undo', async () => {
      const target = await fileIn(state, from);
      const result = await place.register.operator.undo(target, 'boss');
      const to = untouched.includes(stands)
        ? 'abandoned'
        : [...maybeLinked, ...comingBack].includes(stands)
          ? 'undoing'
          : state;
      expect(await statesOf(place.register, target.requestId)).toEqual([to]);
      expect(result).toEqual({
        abandoned: to === 'abandoned' && state !== 'abandoned' ? 1 : 0,
        undoing: to === 'undoing' && state !== 'undoing' ? 1 : 0,
        released: state === 'released' ? 1 : 0,
      });
      if (to !== state) expect(next(state, 'undo')).toContain(to);
      await expectToldOnce(target.requestId, 'undo', state, to);
    });

    it('undo, where the original is released', async () => {
      const target = await fileIn(state, from);
      await place.sql.query('UPDATE file SET released_at = now() WHERE request_id = $1', [target.requestId]);
      const released = ['linked', 'released', ...comingBack].includes(stands) ? 1 : 0;
      expect(await place.register.operator.undo(target, 'boss')).toEqual({ abandoned: 0, undoing: 0, released });
      expect(await statesOf(place.register, target.requestId)).toEqual([state]);
    });

    it('retry', async () => {
      const target = await fileIn(state, from);
      const files = await place.register.operator.retry(target, newBag, 'boss');
      const to = from ? retryState(from) : state;
      expect([files, await statesOf(place.register, target.requestId)]).toEqual([from ? 1 : 0, [to]]);
      if (from) expect(next('stuck', 'retry')).toContain(to);
      await expectToldOnce(target.requestId, 'retry', state, to);
    });

    it('abandon', async () => {
      const target = await fileIn(state, from);
      const files = await place.register.operator.abandon(target, 'boss');
      const to =
        from && untouched.includes(from) ? 'abandoned' : from && maybeLinked.includes(from) ? 'undoing' : state;
      expect([files, await statesOf(place.register, target.requestId)]).toEqual([to === state ? 0 : 1, [to]]);
      if (to !== state) expect(transitions.stuck.abandon).toContain(to);
      await expectToldOnce(target.requestId, 'abandon', state, to);
    });
  });

  async function expectToldOnce(requestId: bigint, what: string, from: FileState, to: FileState): Promise<void> {
    const told = (await place.register.reports.events({ requestId })).filter(
      (event) => event.actor === 'boss' && event.what === what,
    );
    expect(told.map((event) => [event.from, event.to, event.detail])).toEqual(
      from === to ? [] : [[from, to, { files: 1 }]],
    );
  }
});
