import type { Register } from '@coldroom/register';
import { freshRegister, newRequest } from '../testing/fresh-register';
import { carryOutDecisions, decideIn, planDecisions } from './decide';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('decide');
});
afterAll(() => register.close());

const decided = { code: 'REQUEST_DECIDED' };

describe('decisions', () => {
  it('can be made about New requests only, and a plan changes nothing', async () => {
    const [one, other] = [await newRequest(register), await newRequest(register)];
    await register.requests.decline(other, 'test', 'still used');
    expect(await planDecisions(register.requests, 'approve', [one, other, 999n])).toMatchObject([
      { request: one, done: true, files: 2, bytes: 2n << 30n },
      { request: other, done: false, error: decided },
      { request: 999n, done: false, error: { code: 'NO_SUCH_REQUEST' } },
    ]);
    expect(await planDecisions(register.requests, 'approve')).toMatchObject([{ request: one }]);
    expect((await register.requests.get(one))?.state).toBe('New');
  });

  it('are recorded with the person and the reason', async () => {
    const id = await newRequest(register);
    const plan = await planDecisions(register.requests, 'decline', [id]);
    expect(await carryOutDecisions(plan, decideIn(register, { by: 'dora', reason: 'still used' }))).toEqual(plan);
    expect(await register.requests.get(id)).toMatchObject({
      state: 'Declined',
      decidedBy: 'dora',
      reason: 'still used',
    });
  });

  it('report a request that was decided in the meantime, and continue with the rest', async () => {
    const [one, other] = [await newRequest(register), await newRequest(register)];
    const plan = await planDecisions(register.requests, 'approve', [one, other]);
    await register.requests.decline(one, 'test', 'still used');
    expect(await carryOutDecisions(plan, decideIn(register, { by: 'dora' }))).toMatchObject([
      { request: one, done: false, error: decided },
      { request: other, done: true },
    ]);
    expect((await register.requests.get(other))?.state).toBe('Approved');
  });
});
