export type { Fault } from './faults';
export { startFakeOmeroWeb, type Account, type FakeOmeroWeb, type ListedServer } from './server';
