import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { codeOf } from '@coldroom/domain';
import { parts } from './setting-parts';

export type Part = keyof typeof parts;
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;
/** The settings of the named parts, checked and converted: durations are milliseconds. */
export type Settings<P extends Part = Part> = UnionToIntersection<{ [K in P]: z.output<(typeof parts)[K]> }[P]>;

/** All faults of the settings together. The process ends with exit code 10. */
export class SettingsError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The settings are invalid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/**
 * Reads settings from the environment, and for each key also from the file that `<KEY>_FILE` names, as for container
 * secrets. Throws SettingsError with every fault found.
 */
export function readSettings<P extends Part>(wanted: readonly P[], env: NodeJS.ProcessEnv = process.env): Settings<P> {
  const faults = new Map<string, string>(); // by key: the first fault found
  const result: Record<string, unknown> = {};
  for (const part of wanted) {
    const schema = parts[part];
    const parsed = schema.safeParse(readKeys(Object.keys(schema.shape), env, faults));
    if (parsed.success) Object.assign(result, parsed.data);
    else for (const issue of parsed.error.issues) addFault(faults, String(issue.path[0]), issue.message, env);
  }
  if (faults.size > 0) throw new SettingsError([...faults.values()]);
  return result as Settings<P>;
}

function readKeys(
  keys: readonly string[],
  env: NodeJS.ProcessEnv,
  faults: Map<string, string>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const key of keys) {
    const file = env[`${key}_FILE`];
    const value = env[key];
    if (file && value) faults.set(key, `${key} and ${key}_FILE are both set; keep one of them`);
    else if (file) {
      try {
        values[key] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        faults.set(key, `${key}_FILE names ${file}, which cannot be read (${codeOf(error)})`);
      }
    } else if (value !== undefined && value !== '') values[key] = value;
  }
  return values;
}

function addFault(faults: Map<string, string>, key: string, message: string, env: NodeJS.ProcessEnv): void {
  if (faults.has(key)) return;
  faults.set(key, env[key] || env[`${key}_FILE`] ? `${key} ${message}` : `${key} is not set`);
}

/** The settings in a form that may be shown: passwords in URLs are hidden. */
export function shownSettings(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, shown(key, value)]));
}

/** Nothing of its value is ever shown. */
export const isSecretSetting = (key: string): boolean => key.endsWith('_SECRET') || key.endsWith('_PASSWORD');

function shown(key: string, value: unknown): unknown {
  if (isSecretSetting(key)) return '***';
  return key.endsWith('_URL') && typeof value === 'string' ? withoutPasswords(value) : value;
}

/** A password may be before the host or, as PostgreSQL and Redis allow, among the parameters. */
function withoutPasswords(text: string): string {
  if (!URL.canParse(text)) return '***';
  const url = new URL(text);
  if (url.password !== '') url.password = '***';
  for (const name of [...url.searchParams.keys()])
    if (/pass|secret|token/i.test(name)) url.searchParams.set(name, '***');
  return url.href;
}

/** The value of a variable whose name is given by another setting. Must not be logged. */
export function secret(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env[name];
}

/** For a service that starts other programs, or runs operations that read settings of their own. Must not be logged. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
