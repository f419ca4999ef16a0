import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repository } from './run';

export interface ComposeService {
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
}

/** The services of a compose file, with its variables as they are written. */
export function composeServices(file: string): Readonly<Record<string, ComposeService>> {
  const text = readFileSync(join(repository, file), 'utf8');
  return (parse(text, { merge: true }) as { services: Record<string, ComposeService> }).services;
}

/** With the default of each variable; one that must be set is a path. */
export function withDefaults(text: string): string {
  return text
    .replaceAll(/\$\{\w+:\?[^{}]*\}/g, '/must-be-set')
    .replaceAll(/\$\{\w+(?::-([^{}]*))?\}/g, (_all, value: string | undefined) => value ?? '');
}

/** What a service may do at a path: the mode of the volume that is mounted exactly there. */
export function mountAt({ volumes = [] }: ComposeService, path: string): 'read' | 'write' | undefined {
  const mount = volumes.map((volume) => withDefaults(volume).split(':')).find(([, target]) => target === path);
  return mount && (mount[2] === 'ro' ? 'read' : 'write');
}
