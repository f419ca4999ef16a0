export interface Waiting {
  readonly id: string;
  readonly revision: number;
}

/** Someone who is signed in to a console, without a browser. */
export class ConsoleVisitor {
  private constructor(
    private readonly url: string,
    private readonly cookie: string,
  ) {}

  static async signIn(url: string, username: string, password: string): Promise<ConsoleVisitor> {
    const answer = await fetch(`${url}sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ username, password }),
      redirect: 'manual',
    });
    if (answer.status !== 303) throw new Error(`${username} cannot sign in: ${answer.status} ${await answer.text()}`);
    return new ConsoleVisitor(url, answer.headers.getSetCookie().join('; ').split(';')[0] ?? '');
  }

  async page(path: string): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { headers: { cookie: this.cookie } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.text();
  }

  async requests(state: string): Promise<readonly Waiting[]> {
    return (JSON.parse(await this.page(`api/v1/requests?state=${state}`)) as { data: Waiting[] }).data;
  }

  /** With the form of the request's page. */
  async approve(id: string, revision: number): Promise<void> {
    const csrf = /name="_csrf" value="([^"]+)"/.exec(await this.page(`requests/${id}`))?.[1] ?? '';
    const answer = await fetch(`${this.url}requests/${id}/approve`, {
      method: 'POST',
      body: new URLSearchParams({ _csrf: csrf, revision: String(revision) }),
      headers: { cookie: this.cookie },
      redirect: 'manual',
    });
    if (answer.status !== 303) throw new Error(`the approval was answered with ${answer.status}`);
  }
}
