import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '@coldroom/mail/testing';
import { coldroomProcess } from './testing/command-line';

let directory: string;
let server: Server;
let url: string;
let certificate: string;
const seen: (string | undefined)[] = [];
let answer: { readonly status: number; readonly body: unknown } = { status: 200, body: { data: [], next: null } };
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coldroom-server-'));
  const { key, cert, file } = makeCertificate(directory);
  certificate = file;
  writeFileSync(join(directory, 'token'), `coldroom_${'A'.repeat(43)}\n`, { mode: 0o600 });
  server = createServer({ key, cert }, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://localhost:${(server.address() as AddressInfo).port}/coldroom/`;
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const list = (env: Readonly<Record<string, string>>) =>
  coldroomProcess(['--server', url, '--token-file', join(directory, 'token'), 'requests', 'list'], env);

test('a token is not sent to a server whose certificate is not trusted', async () => {
  expect(await list({})).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /certificate that is not trusted here .*so the token was not sent.*NODE_EXTRA_CA_CERTS/,
    ),
  });
  expect(seen).toEqual([]);
});

test('an authority of the site is trusted if it is named', async () => {
  expect(await list({ NODE_EXTRA_CA_CERTS: certificate })).toMatchObject({ code: 0, stdout: 'No requests.\n' });
  expect(seen).toEqual([`Bearer coldroom_${'A'.repeat(43)}`]);
});

test('an order that is still being worked on is no failure for good', async () => {
  const problem = { title: 'Conflict', status: 409, code: 'IDEMPOTENCY_RUNNING', detail: 'still', type: 'about:blank' };
  answer = { status: 409, body: problem };
  expect((await list({ NODE_EXTRA_CA_CERTS: certificate })).code).toBe(5);
});
