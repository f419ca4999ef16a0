interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

/** Asks as a browser does that keeps its cookies. */
class Asker {
  private readonly cookies = new Map<string, string>();
  constructor(private readonly url: string) {}

  async ask(path: string, form?: Readonly<Record<string, string>>, token?: string): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      redirect: 'manual',
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      headers: {
        cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
        ...(token ? { 'x-csrftoken': token } : {}),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      this.cookies.set(name, value);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  async post(path: string, form: Readonly<Record<string, string>>): Promise<Answer> {
    const { body } = await this.ask('api/v0/token/');
    return this.ask(path, form, (body as { data: string }).data);
  }
}

const refused = 'Connection not available, please check your user name and password.';

/** The very words and fields of OMERO.web 5.33, for whoever reads more of them than our client does. */
export function describeAnswers(url: () => string): void {
  test.each([
    ['a wrong password', { username: 'lea', password: 'x', server: '1' }, refused],
    ['an inactive account', { username: 'gone', password: 'gone', server: '1' }, refused],
    [
      'a server that is not listed',
      { username: 'lea', password: 'lea', server: '9' },
      'Server: Select a valid choice. That choice is not one of the available choices.',
    ],
  ])('answers %s in the words of OMERO.web', async (_what, form, message) => {
    expect(await new Asker(url()).post('api/v0/login/', form)).toMatchObject({ status: 403, body: { message } });
  });

  test('answers a sign-in without a token, and one that is a GET, in the words of OMERO.web', async () => {
    const asker = new Asker(url());
    const form = { username: 'lea', password: 'lea', server: '1' };
    expect(await asker.ask('api/v0/login/', form)).toMatchObject({
      status: 403,
      body: { message: 'CSRF Failed: CSRF cookie not set.' },
    });
    expect(await asker.ask('api/v0/login/')).toMatchObject({
      status: 405,
      body: { message: 'POST only with username, password, server and csrftoken' },
    });
  });

  test('answers a sign-in with the fields of OMERO.web, and a sign-out with a redirect', async () => {
    const asker = new Asker(url());
    const answer = await asker.post('api/v0/login/', { username: 'lea', password: 'lea', server: '1' });
    expect(answer).toEqual({
      status: 200,
      location: null,
      body: {
        success: true,
        eventContext: {
          sessionId: expect.any(Number),
          sessionUuid: expect.any(String),
          userId: expect.any(Number),
          userName: 'lea',
          groupId: 3,
          groupName: 'microscopy',
          isAdmin: false,
          eventId: -1,
          eventType: 'User',
          memberOfGroups: [3, 1],
          leaderOfGroups: expect.any(Array),
        },
      },
    });
    expect(await asker.post('webclient/logout/', {})).toMatchObject({
      status: 302,
      location: '/omero/webclient/login/',
    });
  });
}
