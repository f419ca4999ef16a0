import { freePort } from '@coldroom/local';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { addressBehind, isInstalled, proxyKinds, startProxy } from '../testing/reverse-proxy';
import { RunningConsole } from '../testing/running-console';

describeInChromium('a console below a path of its own', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  });
  afterAll(async () => chromium?.stop());

  for (const kind of proxyKinds) {
    const found = isInstalled(kind);
    if (!found) process.stderr.write(`SKIPPED: the console behind ${kind}: ${kind} is not installed\n`);
    (found ? test : test.skip)(
      `behind ${kind}: links, style, cookies, forms, redirects and live parts work`,
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
          for (const link of await page.getByRole('link').all()) {
            const target = new URL((await link.getAttribute('href')) ?? '', page.url());
            expect(target.href.startsWith(url)).toBe(true);
          }
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
