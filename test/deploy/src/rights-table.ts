import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './run';

/** The rows of the table in docs/security.md, by service: what docker-compose.yml and k8s/ must both give. */
export function documentedRights(): Readonly<Record<string, readonly string[]>> {
  const rows = readFileSync(join(repository, 'docs', 'security.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .filter(([name]) => name !== 'service' && name !== '---');
  return Object.fromEntries(rows.map(([name = '', ...cells]) => [name, cells]));
}

/** The directories of the first four columns. */
export const documentedPaths = ['/OMERO', '/OMERO/.coldroom', '/archive', '/buffer'] as const;

export const cell = (words: readonly string[]): string => (words.length === 0 ? '–' : words.join(', '));
