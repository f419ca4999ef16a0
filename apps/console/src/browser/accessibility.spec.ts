import { pagesOfAdministration } from '../testing/administration-pages';
import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';

describeInChromium('accessibility by axe', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  let pages: Readonly<Record<string, string>>;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('accessibility');
    chromium = await Chromium.start();
    const shown = await fillWithSample(running);
    await pagesOfAdministration(running);
    pages = {
      'the overview': '',
      'my images': 'me?mail=saved',
      'the list': 'requests',
      'an empty list': 'requests?state=Approved',
      'no such page': 'requests/999',
      ...Object.fromEntries(Object.entries(shown).map(([name, id]) => [`request "${name}"`, `requests/${id}`])),
    };
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('no finding on any page (%s, %d px wide)', async (colours, width) => {
    const page = await chromium.open(running.settings.url, { colours, width });
    const found = { 'sign-in': await findings(page) };
    await signIn(page, 'nobody');
    await page.getByRole('alert').waitFor();
    Object.assign(found, { 'sign-in refused': await findings(page) });
    await signIn(page, 'dora');
    await page.getByRole('heading', { name: /request/ }).waitFor();
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${running.settings.url}${path}`);
      Object.assign(found, { [name]: await findings(page) });
    }
    expect(Object.entries(found).filter(([, of]) => of.length > 0)).toEqual([]);
    expect(Object.keys(found)).toHaveLength(14);
  });
});
