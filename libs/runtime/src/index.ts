export { describeSettings, type SettingDescription } from './describe-settings';
export { lastTime, parseDuration } from './durations';
export { HealthController, Readiness } from './health';
export { Log, type LogFields, type LogLevel } from './log';
export { neededNode, nodeTooOld } from './node-version';
export { withoutSecrets } from './secrets';
export {
  parts as settingParts,
  processEnvironment,
  readSettings,
  secret,
  SettingsError,
  shownSettings,
  type Settings,
} from './settings';
export { ownVersion } from './version';
export { endWith, exitCodes, startService } from './start';
