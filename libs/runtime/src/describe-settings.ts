import { parts } from './setting-parts';
import { isSecretSetting, shownSettings, type Part } from './settings';

/** A setting as people may see it. */
export interface SettingDescription {
  readonly key: string;
  /** As written where it is set, without passwords; null for a secret, and for what is not set and has no default. */
  readonly value: string | null;
  readonly from: 'environment' | 'file' | 'default' | 'nowhere';
  readonly isSecret: boolean;
}

/** Each known setting with its value in this environment, whether or not that is valid; each once, by key. */
export function describeSettings(env: NodeJS.ProcessEnv = process.env): readonly SettingDescription[] {
  const schemas = new Map(
    (Object.keys(parts) as Part[]).flatMap((part) => Object.entries<Schema>(parts[part].shape)).reverse(),
  );
  return [...schemas]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, schema]) => {
      const isSecret = isSecretSetting(key);
      if (env[`${key}_FILE`]) return { key, value: null, from: 'file', isSecret };
      const written = env[key];
      if (written) return { key, value: isSecret ? null : shownAs(key, written), from: 'environment', isSecret };
      const { data } = schema.safeParse(undefined);
      if (data === undefined) return { key, value: null, from: 'nowhere', isSecret };
      return { key, value: shownDefault(data, readsDurations(schema)), from: 'default', isSecret };
    });
}

interface Schema {
  safeParse(value: unknown): { readonly data?: unknown };
}

const shownAs = (key: string, written: string): string => String(shownSettings({ [key]: written })[key]);

/** Numbers of milliseconds and other numbers look the same; only a duration is read from this. */
const readsDurations = (schema: Schema): boolean => schema.safeParse('1h').data === 3_600_000;

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** A default as one would write it. */
function shownDefault(value: unknown, isDuration: boolean): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  if (typeof value === 'object' && value !== null) return Object.values(value).join('/'); // days, weeks and months
  if (!isDuration || typeof value !== 'number') return String(value);
  const [unit, size] = units.find(([, each]) => value >= each && value % each === 0) ?? ['ms', 1];
  return `${value / size}${unit}`;
}
