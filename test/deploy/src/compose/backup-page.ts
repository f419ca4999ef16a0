import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../run';

/** The commands of docs/backup-and-restore.md that concern the containers, by the section that they are in. */
export function commandsOfBackupPage(heading: 'As a service' | 'Restore the register'): readonly string[] {
  const page = readFileSync(join(repository, 'docs', 'backup-and-restore.md'), 'utf8');
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  return (section.split('\n## ')[0] ?? '')
    .split('\n')
    .flatMap((line) => /^ {4,}(\S.*)$/.exec(line)?.[1] ?? [])
    .filter((command) => /^(docker compose|mkdir|echo|ls|\(cd) /.test(command));
}
