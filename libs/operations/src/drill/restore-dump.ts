import { Refused } from '@coldroom/domain';
import { connectionFor } from '../backup/connection';
import { hide, programFailed } from '../backup/dump-failures';
import { stopped } from '../backup/dump';
import { decrypt } from '../backup/encryption';
import type { Dump } from '../backup/names';
import type { BackupPlace } from '../backup/place';
import { feed, programEnv, startProgram, type Program } from '../backup/programs';

/** Those of docs/backup-and-restore.md: a drill shows whether the documented commands would work. */
export const restoreOptions = ['--no-owner', '--no-privileges', '--exit-on-error'] as const;

export interface RestoreOrder {
  readonly dump: Dump;
  readonly place: BackupPlace;
  /** The empty database. */
  readonly url: string;
  /** The file with the private key. */
  readonly identity: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((bytes: bigint) => void) | undefined;
}

/** Restores a dump; fails if any statement fails, or if the dump is not what its checksum says. */
export async function restoreDump(order: RestoreOrder): Promise<void> {
  const { dump, url, identity, env, signal } = order;
  const connection = connectionFor(url);
  const decrypting = dump.cipher && (await decrypt(dump.cipher, identity, env));
  const restoring = startProgram({
    command: 'pg_restore',
    args: [...restoreOptions, '--no-password', `--dbname=${connection.url}`],
    env: programEnv(env, connection.env),
    signal,
  });
  restoring.output.resume();
  try {
    const plain = decrypting ? restorePipe(decrypting.program, restoring) : undefined;
    await send(order, decrypting?.program ?? restoring);
    await plain;
    const decrypted = await decrypting?.program.ended;
    if (decrypted && decrypted.code !== 0)
      throw new Refused(
        'BACKUP_KEY_MISSING',
        `${dump.name} could not be decrypted: ${hide(decrypted.message, undefined)}. Is ${identity} the right private key?`,
      );
    const end = await restoring.ended;
    if (signal?.aborted) throw stopped(signal);
    if (end.code === 0) return;
    const failed = programFailed({ command: 'pg_restore', about: 'the drill' }, end, connection);
    throw new Refused(
      'DRILL_RESTORE_FAILED',
      `${dump.name} cannot be restored: ${failed.message}`,
      {},
      { cause: failed },
    );
  } finally {
    for (const program of [restoring, decrypting?.program]) program?.kill();
    await decrypting?.tidy();
  }
}

async function send({ place, dump, progress }: RestoreOrder, to: Program): Promise<void> {
  let bytes = 0n;
  for await (const piece of place.read(dump.name)) {
    await feed(to.input, piece);
    bytes += BigInt(piece.length);
    progress?.(bytes);
  }
  to.input.end();
}

async function restorePipe(from: Program, to: Program): Promise<void> {
  for await (const piece of from.output as AsyncIterable<Buffer>) await feed(to.input, piece);
  to.input.end();
}
