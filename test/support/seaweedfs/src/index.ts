export { builtSeaweedfs } from './program';
export { startSeaweedfs, type LocalSeaweedfs } from './seaweedfs';
