import { makeScratch, type Scratch } from './testing/scratch';
import { endThreadsWhileTheyLoad } from './testing/separate-process';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

it('ends threads that are still loading without taking the process down', () => {
  expect(endThreadsWhileTheyLoad(scratch)).toEqual({ answer: 'ended', signal: null });
});
