export { parseDuration } from './durations';
export { HealthController, Readiness } from './health';
export { Log, type LogFields, type LogLevel } from './log';
export { neededNode, nodeTooOld } from './node-version';
export { readSettings, secret, SettingsError, shownSettings, type Settings } from './settings';
export { endWith, exitCodes, startService } from './start';
