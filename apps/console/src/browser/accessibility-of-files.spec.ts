import { AnsweringScanner } from '../testing/answering-scanner';
import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { pagesOfFiles } from '../testing/file-pages';
import { RunningConsole } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';

const timeoutMs = 180_000;

describeInChromium('accessibility of files and retrievals by axe', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  let scanner: AnsweringScanner;
  let pages: Readonly<Record<string, string>>;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('accessibility_of_files');
    chromium = await Chromium.start();
    scanner = new AnsweringScanner(running.register);
    pages = await pagesOfFiles(running, await fillWithSample(running), scanner);
  }, timeoutMs);
  afterAll(async () => {
    await chromium?.stop();
    await scanner?.stop();
    await running?.stop();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)(
    'no finding on any page, and each fits (%s, %d px wide)',
    async (colours, width) => {
      const page = await chromium.open(running.settings.url, { colours, width });
      await signIn(page, 'dora');
      await page.getByRole('heading', { name: /request/ }).waitFor();
      const found: Record<string, readonly string[]> = {};
      for (const [name, path] of Object.entries(pages)) {
        const answer = await page.goto(`${running.settings.url}${path}`);
        expect([name, answer?.status()]).toEqual([name, name === 'files refused' ? 400 : 200]);
        const actual = await page.evaluate<number>('document.documentElement.scrollWidth');
        found[name] = [...(await findings(page)), ...(actual > width ? [`${actual} px wide`] : [])];
      }
      expect(Object.entries(found).filter(([, of]) => of.length > 0)).toEqual([]);
      expect(Object.keys(found)).toHaveLength(9);
    },
    timeoutMs,
  );
});
