import { readSettings, SettingsError, type Settings } from '@coldroom/runtime';
import { fault, ok, type Finding } from './findings';

const parts = [
  'register',
  'omero',
  'originals',
  'redis',
  'stores',
  'hold',
  'fixity',
  'scan',
  'service',
  'importsIfAny',
] as const;
type Part = Parameters<typeof readSettings>[0][number];

/** The settings that are valid. */
export type KnownSettings = Partial<Settings<(typeof parts)[number]>>;

/**
 * Reads every part separately, so that one fault hides neither other faults nor the checks that depend on valid
 * settings.
 */
export const readAllSettings = (env: NodeJS.ProcessEnv) => readParts(parts, env);

/** The same for the parts of another program. */
export function readParts<P extends Part>(
  wanted: readonly P[],
  env: NodeJS.ProcessEnv,
): { readonly settings: Partial<Settings<P>>; readonly findings: readonly Finding[] } {
  let settings: Partial<Settings<P>> = {};
  const findings: Finding[] = [];
  for (const part of wanted) {
    try {
      settings = { ...settings, ...(readSettings([part], env) as Partial<Settings<P>>) };
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
