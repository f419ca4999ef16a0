import { freePort } from '@coldroom/local';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { addressBehind, proxyKinds, startProxy, whyMissing } from '../testing/reverse-proxy';
import { RunningConsole } from '../testing/running-console';

describeInChromium('a console below a path of its own', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  });
  afterAll(async () => chromium?.stop());

  for (const kind of proxyKinds) {
    const missing = whyMissing(kind);
    if (missing !== undefined) process.stderr.write(`SKIPPED: the console behind ${kind}: ${missing}\n`);
    (missing === undefined ? test : test.skip)(
      `behind ${kind}: links, cookies, forms, redirects, live parts, queues and the API's page work`,
      async () => {
        const [port, backend] = [await freePort(), await freePort()];
        const url = addressBehind(kind, port);
        const running = await RunningConsole.start(`behind_${kind}`, {
          url,
          port: backend,
          trustedProxies: ['loopback'],
        });
        const stopProxy = await startProxy(kind, port, backend);
        try {
          const id = await running.newRequest();
          const page = await chromium.open(url);
          const asked: string[] = [];
          page.on('request', (request) => asked.push(request.url()));
          await signIn(page, 'dora');
          await page.getByRole('row').filter({ hasText: 'Waiting for a decision' }).getByRole('link').click();
          await page.getByRole('button', { name: /^Approve/ }).click();
          await page.getByText('Approved by dora').waitFor();
          expect(page.url()).toBe(`${url}requests/${id}`);
          expect(await page.evaluate('getComputedStyle(document.querySelector(".bar")).display')).toBe('flex');
          const other = await running.newRequest();
          await page.goto(`${url}requests/${other}`);
          await running.register.requests.approve(other, 'lea');
          await page.getByText('Approved by lea').waitFor();
          await page.goto(`${url}api/docs`);
          await page.getByText('Approve, decline or withdraw a request').click();
          await page.goto(`${url}requests/${other}`);
          for (const link of await page.getByRole('link').all()) {
            const target = new URL((await link.getAttribute('href')) ?? '', page.url());
            expect(target.href.startsWith(url)).toBe(true);
          }
          const administrator = await chromium.open(url);
          administrator.on('response', (answer) => asked.push(answer.url())); // its policy refuses fonts of another site
          await signIn(administrator, 'root');
          await administrator.goto(`${url}queues`);
          await administrator.frameLocator('iframe.board').getByText('move-verify').first().waitFor();
          expect(asked.filter((address) => !address.startsWith(url))).toEqual([]);
          const cookies = await page.context().cookies();
          expect(cookies.map(({ name, path, secure }) => [name, path, secure])).toEqual([
            ['coldroom.session', '/coldroom/', url.startsWith('https')],
          ]);
          await page.getByRole('button', { name: 'Sign out' }).click();
          await page.getByLabel('Login name').waitFor();
          expect(page.url()).toBe(`${url}sign-in`);
        } finally {
          await stopProxy();
          await running.stop();
        }
      },
    );
  }
});
