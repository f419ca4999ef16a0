import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { pagesOfOversight } from '../testing/oversight-pages';
import { RunningConsole } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';

const timeoutMs = 180_000;

describeInChromium('accessibility of people and usage by axe', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  let pages: Readonly<Record<string, string>>;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('accessibility_of_oversight');
    chromium = await Chromium.start();
    await fillWithSample(running);
    pages = await pagesOfOversight(running);
  }, timeoutMs);
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)(
    'no finding on any page, and each fits (%s, %d px wide)',
    async (colours, width) => {
      const page = await chromium.open(running.settings.url, { colours, width });
      await signIn(page, 'root');
      await page.getByRole('heading', { name: /request/ }).waitFor();
      const found: Record<string, readonly string[]> = {};
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${running.settings.url}${path}`);
        const actual = await page.evaluate<number>('document.documentElement.scrollWidth');
        found[name] = [...(await findings(page)), ...(actual > width ? [`${actual} px wide`] : [])];
      }
      expect(Object.entries(found).filter(([, of]) => of.length > 0)).toEqual([]);
      expect(Object.keys(found)).toEqual(Object.keys(pages));
    },
    timeoutMs,
  );
});
