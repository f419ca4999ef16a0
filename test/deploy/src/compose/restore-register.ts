import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ran } from '../run';
import { directoryOfPage, madeLater, newestIn } from './back-up';
import { commandsOfBackupPage } from './backup-page';
import type { Stack } from './stack';
import { command, finished, prove, services, type Walk } from './walk';

const silenceMs = 125_000;
const patienceMs = 180_000;

/** Loses the register with its volume, and restores the newest dump by the commands of docs/backup-and-restore.md. */
export async function restoreLostRegister({ say }: Walk, stack: Stack, directory: string): Promise<void> {
  const before = await archived(stack);
  await loseRegister(stack);
  say('the container and the volume of the register are removed, under the running services');
  const dump = newestIn(directory, 'register') ?? '';
  await untilOld(join(directory, dump));
  for (const each of commandsOfBackupPage('Restore the register')) {
    const ours = each.replaceAll(directoryOfPage, directory).replaceAll(/coldroom-register-\d{8}T\d{6}Z\.dump/g, dump);
    const said = await stack.shell(ours);
    say(`restore: ${each}${said.trim() === '' ? '' : `: ${said.trim().split('\n').at(-1)}`}`);
  }
  await stack.untilHealthy([...services, 'backup']);
  const after = await archived(stack);
  if (after !== before) throw new Error(`other files are archived than before the loss:\n${before}\nnow:\n${after}`);
  for (const check of ['doctor', 'audit']) await command(stack, check, '--json');
  await prove({ stack, say }, 'after the register was lost and restored');
  await isInUse(stack, say);
  await untilBackedUp(stack, directory, dump);
  say('the service for backups has made dumps of the restored register');
}

/** Files by request, and where they are in their life. */
async function archived(stack: Stack): Promise<string> {
  return stack.query(
    `SELECT request_id, state, count(*) FROM coldroom.file WHERE state IN ('linked', 'released', 'restored')
     GROUP BY 1, 2 ORDER BY 1, 2`,
  );
}

/** In the restored register services have been seen at the time of the dump; a rebuild waits until that is two minutes ago. */
async function untilOld(dump: string): Promise<void> {
  await sleep(Math.max(0, statSync(dump).mtimeMs + silenceMs - Date.now()));
}

async function loseRegister(stack: Stack): Promise<void> {
  const containers = await stack.containersOf('register');
  await ran('docker', ['rm', '--force', '--volumes', ...containers]);
  await ran('docker', ['volume', 'rm', `${stack.project}_register`]);
}

/** What came back from the bags can be restored like any other. */
async function isInUse(stack: Stack, say: Walk['say']): Promise<void> {
  const [request = ''] = await madeLater(stack);
  await command(stack, 'restore', `Request:${request}`, '--yes', '--no-wait');
  await finished(stack);
  await prove({ stack, say }, 'after a restore of a request that was made after the dump');
}

async function untilBackedUp(stack: Stack, directory: string, older: string): Promise<void> {
  for (const begun = Date.now(); (newestIn(directory, 'register') ?? '') <= older; await sleep(1000))
    if (Date.now() - begun > patienceMs)
      throw new Error(`no dump of the restored register is made:\n${await stack.logs('backup')}`);
}
