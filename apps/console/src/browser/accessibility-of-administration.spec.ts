import { pagesOfAdministration } from '../testing/administration-pages';
import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';

const timeoutMs = 180_000;
type Look = readonly ['light' | 'dark', number];
const looks: readonly Look[] = [
  ['light', 1280],
  ['dark', 400],
];

describeInChromium('accessibility of the pages about the archive itself, by axe', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('accessibility_of_administration');
    chromium = await Chromium.start();
  }, timeoutMs);
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  async function findingsOn(paths: readonly string[], [colours, width]: Look): Promise<unknown> {
    const page = await chromium.open(running.settings.url, { colours, width });
    await signIn(page, 'ada');
    await page.getByRole('heading', { name: /request|Nothing/ }).waitFor();
    const found: Record<string, readonly string[]> = {};
    for (const path of paths) {
      const answer = await page.goto(`${running.settings.url}${path}`);
      const actual = await page.evaluate<number>('document.documentElement.scrollWidth');
      found[path] = [
        ...(await findings(page)),
        ...(actual > width ? [`${actual} px wide`] : []),
        ...(answer?.ok() ? [] : [`status ${answer?.status()}`]),
      ];
    }
    await page.context().close();
    return Object.fromEntries(Object.entries(found).filter(([, of]) => of.length > 0));
  }

  test.each(looks)(
    'no finding where there is nothing to show, and each page fits (%s, %d px wide)',
    async (...look) => expect(await findingsOn(['stores', 'audit', 'system'], look)).toEqual({}),
    timeoutMs,
  );

  describe('with something to show', () => {
    let pages: readonly string[];
    beforeAll(async () => {
      await fillWithSample(running);
      pages = Object.values(await pagesOfAdministration(running));
    }, timeoutMs);

    test.each(looks)(
      'no finding on any page, and each fits (%s, %d px wide)',
      async (...look) => expect(await findingsOn(pages, look)).toEqual({}),
      timeoutMs,
    );
  });
});
