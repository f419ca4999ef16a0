import type { Register } from '@coldroom/register';
import { freshRegister } from '../testing/fresh-register';
import { resume } from './resume';
import { stop, untilNoneIsLinked } from './stop';
import { refuseWhereStopped } from './stopped';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('switches');
});
afterAll(() => register.close());

it('stops everything and ends the waits for it, until it is resumed', async () => {
  await refuseWhereStopped(register, 'The undo is recorded');
  await stop(register, 'a test', 'dora');
  expect(await untilNoneIsLinked(register).next()).toEqual({ done: true, value: 0 });
  await expect(refuseWhereStopped(register, 'The undo is recorded')).rejects.toMatchObject({
    code: 'STOPPED',
    message: expect.stringMatching(/^The undo is recorded, but all is stopped \(a test\)/),
  });
  await refuseWhereStopped(register, 'The undo is recorded', (name) => name === 'stage:undo');
  await register.switches.stop('stage:link', 'a test', 'dora');
  expect(await resume(register, 'all', 'dora')).toEqual({ resumed: ['all'], stillStopped: ['stage:link'] });
  expect(await resume(register, undefined, 'dora')).toEqual({ resumed: ['stage:link'], stillStopped: [] });
});

it('refuses to resume an unknown switch, and names what is stopped', async () => {
  await register.switches.stop('store:main', 'a test', 'dora');
  await expect(resume(register, 'store:tape', 'dora')).rejects.toMatchObject({
    code: 'NO_SUCH_SWITCH',
    message: expect.stringContaining('stopped are store:main'),
  });
});
