export { checkBag } from './bag-check';
export type { Api, Fault, FaultRule } from './faults';
export type { Pace } from './file-info';
export { startFakeArkivum, type FakeArkivum, type FakeArkivumOptions } from './server';
