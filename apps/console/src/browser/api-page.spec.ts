import { findings } from '../testing/axe';
import { Chromium, describeInChromium } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';

describeInChromium('the page of the REST API', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('api_page');
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('opens an operation, and axe finds nothing (%s, %d px wide)', async (colours, width) => {
    const page = await chromium.open(`${running.settings.url}api/docs`, { colours, width });
    await page.getByText('Approve, decline or withdraw a request').click();
    await page.getByText('Restore or recall images').click();
    expect(await findings(page)).toEqual([]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBe(0);
  });
});
