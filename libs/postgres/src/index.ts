export { onConnect, startOfSession } from './start-of-session';
export { UnsuitableServer } from './unsuitable-server';
