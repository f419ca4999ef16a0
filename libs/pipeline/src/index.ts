export { otherStores, type BagStores } from './bag-stores';
export { openConfiguredStores, STORES } from './configured-stores';
export { requestOnline, isOffline, refuseOffline } from './offline-copies';
export { showProgress, showSwitches } from './metrics';
export { checkOriginals, serviceRights, type Rights } from './rights';
export { toTransitions } from './outcomes';
export { Queues, readPayload } from './queues';
export { Runner, type RunnerOptions } from './runner';
export { serviceModule, serviceParts, type ServiceSettings } from './service.module';
export { transition, stageNames, stuck, type Stage, type StageName, type StageResult, type StageWork } from './stage';
export { stageOf } from './stages';

export { Workers, type WorkerOptions } from './workers';
