import { Refused } from '@coldroom/domain';
import { detailsOf, exits, failed, loginError } from './command-errors';
import { runOmero, type OmeroEnd, type OmeroSettings } from './omero-command';

/** An account of OMERO with the privilege Sudo. */
export interface ImportAccount {
  readonly name: string;
  readonly password: string;
}

export interface SessionGroup {
  readonly id: bigint;
  readonly name: string;
}

const keyShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Opens and closes OMERO's sessions for others. Whoever has a key can log in with it: keys are in no error and no log, but in
 * the arguments of `omero` and Java, as OMERO's command takes them there. Every method throws `Transient`
 * (`OMERO_SERVER_UNAVAILABLE`, `OMERO_SESSION_ENDED`, `OMERO_COMMAND_FAILED`, `OMERO_COMMAND_ABORTED`) or `Refused` (`OMERO_SIGN_IN_REFUSED`,
 * `OMERO_SESSION_REFUSED`, and what it names itself).
 */
export class OmeroSessions {
  constructor(
    private readonly settings: OmeroSettings,
    private readonly account: ImportAccount,
  ) {}

  /**
   * A session of this person in this group, which OMERO ends after `timeoutSeconds` at the latest. Returns its key.
   * `Refused` `OMERO_USER_UNKNOWN`; `OMERO_SESSION_GROUP` if OMERO opened it in another group, as it does, with success,
   * for a group that does not exist; that session is closed then.
   */
  async open(person: string, group: SessionGroup, timeoutSeconds: number, signal?: AbortSignal): Promise<string> {
    const names = [`--user-name=${person}`, `--group-name=${group.name}`];
    const end = await this.asAccount(['open', ...names, `--timeout=${timeoutSeconds}`], [], signal);
    if (end.code === exits.noSuchUser)
      throw new Refused(
        'OMERO_USER_UNKNOWN',
        `OMERO has no user ${person}. Check whether the account was renamed or removed.`,
        detailsOf(end),
      );
    if (end.code !== 0) throw this.error(end);
    const key = end.output.trim().split('\n').at(-1) ?? '';
    if (!keyShape.test(key)) throw failed({ ...end, message: 'it printed no key of a session' });
    try {
      await this.checkGroup(key, person, group, signal);
      return key;
    } catch (error) {
      // The first error says what happened. A session that stays open ends with its time.
      await this.close(key).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Ends a session and what the server lets run under it only. An unknown or ended one is success; may be repeated.
   * `Refused` `OMERO_SESSION_NOT_CLOSED` if it can still be joined.
   */
  async close(key: string): Promise<void> {
    if (!keyShape.test(key)) throw new RangeError('this is no key of a session');
    const end = await this.asAccount(['close', key], [key]);
    if (end.code !== 0) throw this.error(end);
    if (end.output.includes(' closed.')) return;
    // OMERO also says that there is no such session when this account may not see it.
    const joined = await this.joined(key);
    if (joined.code === exits.badSessionKey) return;
    if (joined.code !== 0) throw this.error(joined);
    throw new Refused(
      'OMERO_SESSION_NOT_CLOSED',
      `OMERO did not close a session that ${this.account.name} opened. Give this account the privilege ReadSession, or wait until the session has ended.`,
      detailsOf(end),
    );
  }

  private async checkGroup(key: string, person: string, group: SessionGroup, signal?: AbortSignal): Promise<void> {
    const joined = await this.joined(key, signal);
    if (joined.code !== 0) throw this.error(joined);
    const number = /^ExperimenterGroup:(\d+)$/m.exec(joined.output)?.[1];
    if (number === String(group.id)) return;
    throw new Refused(
      'OMERO_SESSION_GROUP',
      `OMERO opened a session of ${person} in another group than ${group.name}, which it does for a group that does not exist. Check the group's name.`,
      { wanted: String(group.id), got: number ?? null },
    );
  }

  /** Joins a session without ending it; prints the number of its group. */
  private joined(key: string, signal?: AbortSignal): Promise<OmeroEnd> {
    return this.run(['-k', key, 'group'], { secrets: [key], ...(signal ? { signal } : {}) });
  }

  private asAccount(words: readonly string[], secrets: readonly string[], signal?: AbortSignal): Promise<OmeroEnd> {
    const { name, password } = this.account;
    return this.run(['-u', name, '-C', ...words], { password, secrets, ...(signal ? { signal } : {}) });
  }

  private run(words: readonly string[], order: Omit<Parameters<typeof runOmero>[1], 'args'>): Promise<OmeroEnd> {
    const { host, port } = this.settings;
    return runOmero(this.settings, { args: ['sessions', '-s', host, '-p', String(port), ...words], ...order });
  }

  private error(end: OmeroEnd): Error {
    const { host, port } = this.settings;
    return loginError(end, { account: this.account.name, server: `${host}:${port}` });
  }
}
