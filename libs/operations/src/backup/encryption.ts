import { Refused } from '@coldroom/domain';
import type { Cipher } from './names';
import { programEnv, startProgram, type Program } from './programs';
import { temporaryDirectory } from './temporary';

/** For whom dumps are encrypted: the private key is needed to restore only. */
export type Encryption =
  | { readonly cipher: 'age'; readonly recipient: string }
  /** A file with the public key. */
  | { readonly cipher: 'gpg'; readonly keyFile: string };

export interface Encrypting {
  readonly program: Program;
  /** Must be called, whatever happened. */
  readonly tidy: () => Promise<void>;
}

/** Plain bytes in, encrypted bytes out. */
export async function encrypt(
  encryption: Encryption,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Encrypting> {
  if (encryption.cipher === 'age') {
    const args = ['--encrypt', '--recipient', encryption.recipient];
    return {
      program: startProgram({ command: 'age', args, env: programEnv(env, {}), signal }),
      tidy: async () => undefined,
    };
  }
  // A keyring of its own: nothing depends on what the user trusts.
  const home = await temporaryDirectory();
  const args = ['--batch', '--no-tty', '--quiet', '--trust-model', 'always', '--compress-algo', 'none'];
  return {
    program: startProgram({
      command: 'gpg',
      args: [...args, '--encrypt', '--recipient-file', encryption.keyFile],
      env: programEnv(env, { GNUPGHOME: home.path }),
      signal,
    }),
    tidy: () => home.remove(),
  };
}

/** Encrypted bytes in, plain bytes out. `identity` is a file with the private key. */
export async function decrypt(
  cipher: Cipher,
  identity: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Encrypting> {
  if (identity === undefined)
    throw new Refused(
      'BACKUP_KEY_MISSING',
      `The dump is encrypted by ${cipher}, and no private key is given: set COLDROOM_BACKUP_IDENTITY to the file that has it`,
    );
  if (cipher === 'age')
    return {
      program: startProgram({
        command: 'age',
        args: ['--decrypt', '--identity', identity],
        env: programEnv(env, {}),
      }),
      tidy: async () => undefined,
    };
  const home = await temporaryDirectory();
  const gpg = (args: readonly string[]): Program =>
    startProgram({
      command: 'gpg',
      args: ['--batch', '--no-tty', '--quiet', ...args],
      env: programEnv(env, { GNUPGHOME: home.path }),
    });
  const tidy = async (): Promise<void> => {
    await ended(
      startProgram({ command: 'gpgconf', args: ['--kill', 'all'], env: programEnv(env, { GNUPGHOME: home.path }) }),
    );
    await home.remove();
  };
  const imported = await ended(gpg(['--import', identity]));
  if (imported === undefined || imported.code !== 0) {
    await tidy();
    throw new Refused('BACKUP_KEY_MISSING', `gpg cannot use the private key in ${identity}: ${imported?.message}`);
  }
  return { program: gpg(['--trust-model', 'always', '--decrypt']), tidy };
}

async function ended(
  program: Program,
): Promise<{ readonly code: number | null; readonly message: string } | undefined> {
  program.input.end();
  program.output.resume();
  return program.ended.catch(() => undefined);
}
