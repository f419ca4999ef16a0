import { makeScratch, type Scratch } from './testing/scratch';
import { endThreadsWhileTheyLoad } from './testing/separate-process';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

it('ends threads that are still loading without crashing the process', () => {
  expect(endThreadsWhileTheyLoad(scratch)).toEqual({ answer: 'ended', signal: null });
});
