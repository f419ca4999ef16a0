export { startFakeOmeroWeb, type Account, type FakeOmeroWeb, type Fault } from './server';
