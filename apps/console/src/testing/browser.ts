import type { RunningConsole } from './running-console';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What a browser does with cookies and forms, without a window. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly console_: Pick<RunningConsole, 'address' | 'settings'>) {}

  /** @param path below the console's own path, with a slash in front */
  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers });
  }

  async post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const { origin } = new URL(this.console_.settings.url);
    return this.send(path, { method: 'POST', body: new URLSearchParams(form), headers: { origin, ...headers } });
  }

  async send(path: string, init: RequestInit): Promise<Answer> {
    const base = new URL(this.console_.settings.url).pathname.replace(/\/$/, '');
    const response = await fetch(`${this.console_.address}${base}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async signIn(login: string, password = login): Promise<Answer> {
    return this.post('/sign-in', { username: login, password });
  }

  /** The hidden field of the first form on a page. */
  async csrf(path = '/requests'): Promise<string> {
    return /name="_csrf" value="([^"]+)"/.exec((await this.get(path)).text)?.[1] ?? '';
  }
}
