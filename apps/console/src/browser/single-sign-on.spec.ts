import type { Page } from 'playwright-core';
import { freePort } from '@coldroom/local';
import { builtPrograms } from '@coldroom/oauth2-proxy';
import { createToken } from '@coldroom/operations';
import { findings } from '../testing/axe';
import { Chromium, describeInChromium } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';
import {
  startMinimalProxy,
  startRealProxy,
  userHeader,
  type Ports,
  type SignOnProxy,
} from '../testing/sign-on-proxies';

const programs = builtPrograms();
if (!programs)
  process.stderr.write('SKIPPED: signing in through oauth2-proxy: run `npm run test:oauth2-proxy`, which needs Go\n');

type Start = (ports: Ports) => Promise<SignOnProxy>;
const proxies: readonly (readonly [string, Start])[] = [
  ['a minimal proxy', startMinimalProxy],
  ...(programs ? [['oauth2-proxy', (ports: Ports) => startRealProxy(programs, ports)] as const] : []),
];

describeInChromium('a console behind a proxy that signs people in', () => {
  describe.each(proxies)('%s', (name, start) => {
    let chromium: Chromium;
    let running: RunningConsole;
    let proxy: SignOnProxy;
    let page: Page;
    const url = (path = ''): string => `${running.settings.url}${path}`;

    beforeAll(async () => {
      const ports = { port: await freePort(), backend: await freePort() };
      chromium = await Chromium.start();
      running = await RunningConsole.start(`single_sign_on_${name.length}`, {
        url: `http://127.0.0.1:${ports.port}/coldroom/`,
        port: ports.backend,
        proxy: {
          header: userHeader,
          addresses: ['127.0.0.1'],
          signOutUrl: `http://127.0.0.1:${ports.port}/oauth2/sign_out`,
        },
      });
      proxy = await start(ports);
    });
    afterAll(async () => {
      await proxy?.stop();
      await running?.stop();
      await chromium?.stop();
    });

    test('a data manager signs in at the provider, approves, and signs out at the proxy', async () => {
      const id = await running.newRequest();
      proxy.person('dora');
      page = await chromium.open(url());
      await proxy.signIn(page);
      await page.getByText('dora, data manager').waitFor();
      await page.goto(url(`requests/${id}`));
      await page.getByRole('button', { name: /^Approve/ }).click();
      await page.getByText('Approved by dora').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL((at) => !at.pathname.startsWith('/coldroom'));
      await page.goto(url('requests'));
      expect(await page.getByText('data manager').count()).toBe(0);
    });

    test('the next person in the same browser has their own rights', async () => {
      proxy.person('olga');
      await page.goto(url());
      await proxy.signIn(page);
      await page.getByText('olga, researcher').waitFor();
    });

    test.each(['X-Forwarded-Preferred-Username', 'x-forwarded-preferred-username', 'X-FORWARDED-PREFERRED-USERNAME'])(
      'a %s that the browser sends is worth nothing',
      async (header) => {
        const answer = await page.context().request.get(url('requests'), { headers: { [header]: 'root' } });
        expect(await answer.text()).toContain('<strong>olga</strong>');
        const passedBy = await fetch(url('api/v1/requests'), { headers: { [header]: 'root' } });
        expect(passedBy.status).toBe(401);
      },
    );

    test('a token passes where the proxy lets requests to the API by', async () => {
      const { secret } = await createToken(running.register, { name: 'grafana', role: 'auditor', days: 1, by: 'test' });
      const answer = await fetch(url('api/v1/requests'), { headers: { authorization: `Bearer ${secret}` } });
      expect(answer.status).toBe(200);
    });

    test('a login that OMERO does not have sees a page that says so', async () => {
      proxy.person('nobody');
      const other = await chromium.open(url());
      await proxy.signIn(other);
      if (!(await other.getByText('PERSON_UNKNOWN').count())) await other.goto(url('requests'));
      await other.getByText('PERSON_UNKNOWN').waitFor();
      expect(await other.getByLabel('Password').count()).toBe(0);
      expect(await findings(other)).toEqual([]);
    });
  });
});
