import { request } from 'node:https';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A browser that keeps cookies, and trusts this certificate; without one, whoever answers on the port. */
export class Visit {
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly port: number,
    private readonly certificate?: string,
  ) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.send('GET', path, undefined, headers);
  }

  async signIn(login: string, password: string): Promise<Page> {
    const { text } = await this.get('/coldroom/sign-in');
    const csrf = /name="_csrf" value="([^"]*)"/.exec(text)?.[1] ?? '';
    const form = new URLSearchParams({ _csrf: csrf, username: login, password });
    return this.send('POST', '/coldroom/sign-in', form.toString(), { origin: `https://localhost:${this.port}` });
  }

  private async send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Page> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.port,
          servername: 'localhost',
          method,
          path,
          ...(this.certificate === undefined ? { rejectUnauthorized: false } : { ca: this.certificate }),
          headers: {
            host: `localhost:${this.port}`,
            cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
            ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => (text += part));
          answer.on('end', () => {
            for (const cookie of answer.headers['set-cookie'] ?? []) {
              const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
              this.cookies.set(name, value);
            }
            resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
}
