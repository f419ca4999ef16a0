import { readSettings, SettingsError, type Settings } from '@coldroom/runtime';
import { fault, ok, type Finding } from './findings';

const parts = ['register', 'omero', 'originals', 'redis', 'stores', 'hold', 'fixity', 'scan', 'service'] as const;

/** The settings that are valid. */
export type KnownSettings = Partial<Settings<(typeof parts)[number]>>;

/**
 * Reads every part separately, so that one fault hides neither other faults nor the checks that depend on valid
 * settings.
 */
export function readAllSettings(env: NodeJS.ProcessEnv): {
  readonly settings: KnownSettings;
  readonly findings: readonly Finding[];
} {
  let settings: KnownSettings = {};
  const findings: Finding[] = [];
  for (const part of parts) {
    try {
      settings = { ...settings, ...readSettings([part], env) };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      findings.push(
        ...error.faults.map((text) =>
          fault('settings', text, 'set it in the environment, or in the file that --env names'),
        ),
      );
    }
  }
  return { settings, findings: findings.length > 0 ? findings : [ok('settings', 'all there')] };
}
