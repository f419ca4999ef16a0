import { messageOf, Refused, Transient } from '@coldroom/domain';
import { readJson, type WebAnswer } from './web-answer';

export interface OmeroWebSettings {
  /** Where OMERO.web is, with its prefix if it has one: `https://facility.example.org/omero/`. */
  readonly url: string;
  /** Which of OMERO.web's servers to sign in to, by name, host or number; needed only where it has several. */
  readonly server?: string | undefined;
  /** Milliseconds that each answer may take. */
  readonly timeoutMs?: number;
}

interface Server {
  readonly id: number;
  readonly host: string;
  readonly server?: string;
}

const defaultTimeoutMs = 15_000;

/**
 * Checks an OMERO login through OMERO.web's JSON API. Paths are taken from its answers, never hosts: behind a proxy
 * OMERO.web names a host of its own. The password is not kept, and the OMERO session is closed again at once.
 *
 * https://omero.readthedocs.io/en/stable/developers/json-api.html
 */
export class OmeroWeb {
  private readonly base: URL;

  constructor(private readonly settings: OmeroWebSettings) {
    this.base = new URL(settings.url.endsWith('/') ? settings.url : `${settings.url}/`);
  }

  /**
   * OMERO's experimenter id of whoever has this login name and password. Throws `Refused`: `SIGN_IN_REFUSED`, or what a
   * person has to repair (`OMERO_WEB_*`, `OMERO_VERSION_MISMATCH`); `Transient` where OMERO.web or OMERO.server does not
   * answer.
   */
  async signIn(username: string, password: string): Promise<bigint> {
    const cookies = new Map<string, string>();
    const api = await this.apiPath(cookies);
    const { data: token } = await this.ask<{ data?: unknown }>(cookies, `${api}token/`);
    if (typeof token !== 'string') throw this.notOmeroWeb('it gave no CSRF token');
    const server = await this.chooseServer(cookies, api);
    const form = new URLSearchParams({ username, password, server: String(server.id) });
    const answer = await this.send(cookies, `${api}login/`, { form, token });
    if (answer.status !== 200) throw this.refusal(answer);
    const { success, eventContext } = answer.body as {
      success?: unknown;
      eventContext?: { userId?: unknown };
    };
    await this.signOut(cookies, token);
    const id = eventContext?.userId;
    if (success !== true || typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0)
      throw this.notOmeroWeb('its answer to a sign-in names no user');
    return BigInt(id);
  }

  private async apiPath(cookies: Map<string, string>): Promise<string> {
    const { data } = await this.ask<{ data?: { 'url:base'?: unknown }[] }>(cookies, 'api/');
    const newest = Array.isArray(data) ? data.at(-1)?.['url:base'] : undefined;
    const version = typeof newest === 'string' ? /\/api\/(v\d+)\/?$/.exec(newest)?.[1] : undefined;
    if (version === undefined) throw this.notOmeroWeb('it names no version of its API');
    return `api/${version}/`;
  }

  private async chooseServer(cookies: Map<string, string>, api: string): Promise<Server> {
    const { data } = await this.ask<{ data?: Server[] }>(cookies, `${api}servers/`);
    const servers = Array.isArray(data) ? data.filter((one) => typeof one?.id === 'number') : [];
    const { server: wanted } = this.settings;
    const found =
      wanted === undefined ? servers : servers.filter((one) => [String(one.id), one.host, one.server].includes(wanted));
    if (found.length === 1) return found[0] as Server;
    const known = servers.map((one) => one.server ?? one.host).join(', ');
    throw new Refused(
      'OMERO_WEB_SERVER_UNKNOWN',
      wanted === undefined
        ? `OMERO.web knows ${servers.length} servers (${known}); set OMERO_WEB_SERVER to one of them.`
        : `OMERO.web has no single server "${wanted}"; it knows ${known}. Correct OMERO_WEB_SERVER.`,
    );
  }

  /** What the sign-in left open would stay so until OMERO ends it; a failure is no reason to refuse the person. */
  private async signOut(cookies: Map<string, string>, token: string): Promise<void> {
    await this.send(cookies, 'webclient/logout/', { form: new URLSearchParams(), token }).catch(() => undefined);
  }

  private async ask<T>(cookies: Map<string, string>, path: string): Promise<T> {
    const answer = await this.send(cookies, path);
    if (answer.status !== 200) throw this.refusal(answer);
    return (answer.body ?? {}) as T;
  }

  private async send(
    cookies: Map<string, string>,
    path: string,
    post?: { readonly form: URLSearchParams; readonly token: string },
  ): Promise<WebAnswer> {
    const url = new URL(path, this.base);
    try {
      const response = await fetch(url, {
        method: post ? 'POST' : 'GET',
        redirect: 'manual',
        signal: AbortSignal.timeout(this.settings.timeoutMs ?? defaultTimeoutMs),
        headers: {
          accept: 'application/json',
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          // Over HTTPS Django compares it with its own address, and refuses without it.
          referer: this.base.href,
          ...(post ? { 'x-csrftoken': post.token } : {}),
        },
        ...(post ? { body: post.form } : {}),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(line) ?? [];
        if (name !== undefined && value !== undefined) cookies.set(name, value);
      }
      return await readJson(response);
    } catch (error) {
      throw this.unavailable(reasonOf(error));
    }
  }

  /** OMERO.web answers with a text for people; only these are distinguished, and any other means that it refused. */
  private refusal({ status, body, kind }: WebAnswer): Refused | Transient {
    const message = String((body as { message?: unknown } | undefined)?.message ?? '');
    if (status >= 500) return this.unavailable(`HTTP ${status}`);
    if (/CSRF/i.test(message) || (status === 403 && kind === 'html'))
      return new Refused(
        'OMERO_WEB_CSRF',
        `OMERO.web at ${this.base.href} refused the request as forged. Use the address that OMERO.web has for its users, with https if it has that, and check that the proxy before it passes Host and X-Forwarded-Proto on.`,
      );
    if (/Server is not responding/i.test(message))
      return new Transient('OMERO_SERVER_UNAVAILABLE', 'OMERO.server does not answer OMERO.web. Try again later.');
    if (/version does not match/i.test(message))
      return new Refused('OMERO_VERSION_MISMATCH', 'OMERO.web and OMERO.server have different versions.');
    // OMERO.web says the same of an inactive account as of a wrong password.
    if (status === 403)
      return new Refused(
        'SIGN_IN_REFUSED',
        'OMERO did not accept this login name and password. The account may also be inactive.',
      );
    return this.notOmeroWeb(status >= 300 && status < 400 ? `it redirects (HTTP ${status})` : `HTTP ${status}`);
  }

  private unavailable(reason: string): Transient {
    return new Transient('OMERO_WEB_UNAVAILABLE', `OMERO.web at ${this.base.href} does not answer (${reason}).`);
  }

  private notOmeroWeb(reason: string): Refused {
    return new Refused(
      'OMERO_WEB_UNKNOWN',
      `What answers at ${this.base.href} does not behave as OMERO.web's JSON API: ${reason}. Check OMERO_WEB_URL, with OMERO.web's prefix if it has one.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  return name === 'TimeoutError' ? 'no answer in time' : messageOf(cause ?? error);
}
