export { RecordedLog, type LogLine } from './recorded-log';
export { SwitchableRedis } from './switchable-redis';
export { Workbench, workWith, type PlannedOriginal } from './workbench';
export { plainMoves, plainRetrievals, plainStages } from './plain-stages';
export { deliveryApp } from './delivery-app';
