import { renameSync } from 'node:fs';
import { codeOf, Refused } from '@coldroom/domain';
import { renameExchangeSync } from '@coldroom/files';

/*
 * Puts one thing in the place of another in one step. Each function begins with that step itself and waits for nothing
 * before it: check the claim immediately before the call.
 */

interface Names {
  /** The name of what is to take the place; after an exchange, the name of what came out. */
  readonly from: Buffer;
  readonly path: Buffer;
}

interface Step extends Names {
  /**
   * The last look on a file system that cannot exchange names: throws where what is at the path has to stay, as a rename
   * removes it for good. Without it nothing is renamed.
   */
  readonly beforeRename?: () => Promise<void>;
}

interface Exchange extends Step {
  /** Looks at both names after the exchange: the refusal to throw where they are not as expected. */
  readonly unexpected: () => Promise<Refused | undefined>;
  /** What is left to do in that case, once the names are back. */
  readonly afterPutBack?: () => Promise<void>;
}

interface LinkExchange extends Names {
  /** Whether this is the link to be replaced. Asked of the path before a rename, and of `from` after an exchange. */
  readonly isLink: (name: Buffer) => Promise<boolean>;
  /** Whether what is at the path after an exchange may stay there, if that has to be looked at. */
  readonly isInPlace?: () => Promise<boolean>;
  readonly afterPutBack?: () => Promise<void>;
}

/** Something takes the place of a link of ours; `Refused` `PATH_TAKEN` where something else is or comes there. */
export async function exchangeLink({ isLink, isInPlace, ...names }: LinkExchange): Promise<void> {
  await exchange({
    ...names,
    beforeRename: async () => {
      if (!(await isLink(names.path)))
        throw new Refused('PATH_TAKEN', 'the link changed at the last moment; it was left there');
    },
    unexpected: async () =>
      ((await isInPlace?.()) ?? true) && (await isLink(names.from))
        ? undefined
        : new Refused('PATH_TAKEN', "something else came to the link's place at the last moment; it was left there"),
  });
}

/** Exchanges two names, looks at what came out, and puts it back at once if it is not what was expected. */
export async function exchange(step: Exchange): Promise<void> {
  if (!(await exchangeOrRename(step))) return;
  const refusal = await step.unexpected();
  if (refusal === undefined) return;
  renameExchangeSync(step.from, step.path);
  await step.afterPutBack?.();
  throw refusal;
}

/** For a caller that looks later, as after a crash. False where the path was renamed over and nothing came out. */
export async function exchangeOrRename({ from, path, beforeRename }: Step): Promise<boolean> {
  try {
    renameExchangeSync(from, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EXCHANGE_NOT_SUPPORTED' || beforeRename === undefined) throw error;
    await beforeRename();
    renameSync(from, path);
    return false;
  }
}
