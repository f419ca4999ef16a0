import { request } from 'node:https';
import { freePort } from '@coldroom/local';
import { addressBehind, startProxy, whyMissing } from '../testing/reverse-proxy';
import { RunningConsole } from '../testing/running-console';

const missing = whyMissing('traefik');
if (missing !== undefined) process.stderr.write(`SKIPPED: headers of browsers behind Traefik: ${missing}\n`);

/** The status that a request gets with a header that names the user. */
function statusOf(url: string, header: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { [header]: 'root' }, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

(missing === undefined ? test : test.skip).each(['X-Forwarded-Preferred-Username', 'x-forwarded-user'])(
  'Traefik with the labels of the docs removes a %s that a browser sends',
  async (header) => {
    const [port, backend] = [await freePort(), await freePort()];
    const url = addressBehind('traefik', port);
    const proxy = { header: header.toLowerCase(), addresses: ['127.0.0.1'], signOutUrl: url };
    const running = await RunningConsole.start('behind_traefik', { url, port: backend, proxy });
    const stopProxy = await startProxy('traefik', port, backend);
    try {
      const trusted = await fetch(`http://127.0.0.1:${backend}/coldroom/sign-in`, { headers: { [header]: 'root' } });
      expect(trusted.status).toBe(200);
      expect(await statusOf(`${url}sign-in`, header)).toBe(403);
    } finally {
      await stopProxy();
      await running.stop();
    }
  },
);
