import { once } from 'node:events';
import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pauseMsFor, untilBrought } from './commands/retrieve-there';
import { Server } from './server';

const answers: ((response: ServerResponse) => void)[] = [];
let http: HttpServer;
let server: Server;
beforeAll(async () => {
  http = createServer((_request, response) => answers.shift()?.(response)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  server = new Server(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`, 'token');
});
afterAll(() => http.close());

const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response
      .writeHead(status, headers)
      .end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail: 'a test' }));
const review =
  (state: string) =>
  (response: ServerResponse): void =>
    void response.end(
      JSON.stringify({
        retrieval: {
          id: '1',
          requestId: '2',
          ownerId: '7',
          requesterId: '7',
          groupId: '3',
          askedBy: 'alice',
          askedAt: '2026-11-29T09:00:00.000Z',
          way: 'restore',
          days: null,
          filesets: 1,
          images: 1,
          files: 1,
          bytes: '5',
          state,
        },
        amounts: [{ state: 'restored', code: null, files: 1, bytes: '5', onlineUntil: null }],
        filesets: [],
        permitted: [],
      }),
    );

async function brought() {
  const steps = untilBrought(server, [1n], 20);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
  }
}

test('a wait of hours survives a restart of the server, a lost connection and a limit', async () => {
  answers.push(
    review('under way'),
    (response) => void response.writeHead(502).end('<html>Bad gateway</html>'),
    (response) => void response.destroy(),
    problem(503, 'REGISTER_UNAVAILABLE'),
    problem(429, 'TOO_MANY_REQUESTS', { 'retry-after': '1' }),
    review('done'),
  );
  const begun = performance.now();
  expect(await brought()).toMatchObject([{ state: 'restored', files: 1 }]);
  expect(performance.now() - begun).toBeGreaterThan(990);
  expect(answers).toEqual([]);
});

test('what cannot pass by itself ends the wait at once', async () => {
  answers.push(problem(404, 'NO_SUCH_RETRIEVAL'));
  await expect(brought()).rejects.toMatchObject({ code: 'NO_SUCH_RETRIEVAL' });
});

test.each([1, 50, 1000])('%d retrievals at once stay below half of the default limit of requests', (retrievals) => {
  expect((retrievals * 60_000) / pauseMsFor(retrievals)).toBeLessThanOrEqual(300);
});
