import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { codeOf } from '@coldroom/domain';
import { SettingsError } from '@coldroom/runtime';

/**
 * The environment that settings are read from. A file of `KEY=value` lines was named for this very call, so it takes
 * precedence over the exported environment. SettingsError where the file cannot be read.
 */
export function environment(file: string | undefined): NodeJS.ProcessEnv {
  if (file === undefined) return process.env;
  const named = parseEnv(readText(file));
  const others = Object.entries(process.env).filter(([key]) => !(twinOf(key) in named));
  return { ...Object.fromEntries(others), ...named };
}

/**
 * `KEY` and `KEY_FILE` name the same setting: one from the file must not conflict with the other from the environment.
 */
function twinOf(key: string): string {
  return key.endsWith('_FILE') ? key.slice(0, -'_FILE'.length) : `${key}_FILE`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingsError([`--env names ${file}, which cannot be read (${codeOf(error)})`]);
  }
}
