import { findings } from '../testing/axe';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';
import { SampleBuffer } from '../testing/sample-buffer';

const preview = {
  files: 2,
  bytes: 2048n,
  filesetCount: 1,
  filesets: [{ reader: 'loci.formats.in.TiffReader', files: 1, name: 'c.tif' }],
  refusedCount: 1,
  refused: [{ name: 'notes.txt', code: 'IMPORT_LEFT_OUT' }],
};

describeInChromium('a researcher who imports images', () => {
  let running: RunningConsole;
  let buffer: SampleBuffer;
  let chromium: Chromium;
  beforeAll(async () => {
    buffer = await SampleBuffer.make();
    running = await RunningConsole.startForBrowsers('imports_story', { imports: buffer.settings });
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
    buffer?.remove();
  });

  test('chooses a directory, sees what OMERO makes of it while filling in the form, and follows the import', async () => {
    const page = await chromium.open(`${running.settings.url}imports`);
    await signIn(page, 'alice');
    await page.getByRole('link', { name: 'New import…' }).click();
    await page.getByRole('link', { name: 'alice/' }).click();
    await page.getByRole('link', { name: 'Import run-1' }).click();
    await page.getByRole('heading', { name: 'OMERO looks at the files' }).waitFor();
    await page.getByLabel('Into').fill('Dataset:5');
    expect(await buffer.answerPreview(running.register, preview)).toBe(true);
    await page.getByText('1 fileset in 2 files').waitFor({ timeout: 20_000 }); // the page shows it by itself
    await page.getByText('belongs to no image that OMERO can read').waitFor();
    expect(await page.getByLabel('Into').inputValue()).toBe('Dataset:5');
    await page.getByRole('button', { name: 'Order the import' }).click();
    await page.getByText('It begins when the files are complete').waitFor();

    const [order] = await running.register.imports.orders.list();
    const claim = await running.register.imports.claims.claim(order!.id, ['ordered'], 'importer', 60_000);
    await running.register.imports.advance(claim!, {
      event: 'fail',
      to: 'stuck',
      code: 'X',
      reason: 'no <b>images</b>',
    });
    await page.getByText('no <b>images</b>').waitFor();
    await page.getByText('Needs attention').waitFor();

    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('It begins when the files are complete').waitFor();
    await page.getByText('Cancel…').click();
    await page.getByRole('button', { name: 'Cancel the import' }).click();
    await page.getByText('It was cancelled.').waitFor();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)(
    'axe finds nothing on any page, and each fits (%s, %d px wide)',
    async (colours, width) => {
      const id = await buffer.order(running.register, 'a.tif');
      const page = await chromium.open(running.settings.url, { colours, width });
      await signIn(page, 'dora');
      await page.locator('.who').waitFor();
      const paths = [
        'imports',
        `imports/${id}`,
        'imports/new',
        `imports/new?in=${buffer.at('alice')}`,
        `imports/new?path=${buffer.at('alice', 'run-1')}`,
        'imports/new?path=/etc/passwd',
      ];
      const found: Record<string, readonly string[]> = {};
      for (const path of paths) {
        await page.goto(`${running.settings.url}${path}`);
        const actual = await page.evaluate<number>('document.documentElement.scrollWidth');
        found[path] = [...(await findings(page)), ...(actual > width ? [`${actual} px wide`] : [])];
      }
      expect(Object.entries(found).filter(([, of]) => of.length > 0)).toEqual([]);
    },
    60_000,
  );
});
