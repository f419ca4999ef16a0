import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';

describeInChromium('the navigation of an administrator', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('navigation');
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  test('is one line at 1120 px', async () => {
    const page = await chromium.open(running.settings.url, { width: 1120 });
    await signIn(page, 'root');
    const middles = await page
      .locator('.brand, nav > a, nav summary, .who')
      .evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().top + each.clientHeight / 2)));
    expect(middles.length).toBeGreaterThan(8);
    expect(Math.max(...middles) - Math.min(...middles)).toBeLessThan(12);
  });

  test.each([
    ['light', 1120],
    ['dark', 1120],
    ['light', 400],
  ] as const)(
    'offers the rest below More, by keyboard and without scripts (%s, %d px wide)',
    async (colours, width) => {
      const page = await chromium.open(running.settings.url, { colours, width, scripts: false });
      await signIn(page, 'root');
      const system = page.getByRole('link', { name: 'System' });
      expect(await system.isVisible()).toBe(false);
      await page.getByText('More', { exact: true }).focus();
      await page.keyboard.press('Enter');
      for (const name of ['People', 'Stores', 'Audit', 'System', 'Queues'])
        expect(await page.getByRole('navigation').getByRole('link', { name }).boundingBox()).toMatchObject({
          x: expect.any(Number),
        });
      await system.click();
      await page.waitForURL(`${running.settings.url}system`);
      expect(await page.locator('summary[aria-current="true"]').textContent()).toBe('More');
    },
  );

  test.each([
    ['light', 1120],
    ['dark', 1120],
    ['light', 400],
  ] as const)(
    'axe finds nothing in the open list, which stays in the window (%s, %d px wide)',
    async (colours, width) => {
      const page = await chromium.open(running.settings.url, { colours, width });
      await signIn(page, 'root');
      await page.getByText('More', { exact: true }).click();
      expect(await findings(page)).toEqual([]);
      const right = await page
        .locator('nav details div')
        .evaluate((list) => list.getBoundingClientRect().right - document.documentElement.clientWidth);
      expect(right).toBeLessThanOrEqual(0);
    },
  );
});
