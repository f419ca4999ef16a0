export { dieWithParent } from './die-with-parent';
export { startService, type RunningService, type Service, type ServiceExit } from './service-process';
