import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';
import { brought, passedOn } from '../testing/sample-requests';

describeInChromium('a researcher who needs archived images again', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('files_story');
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  async function archived(): Promise<bigint> {
    const id = await running.newRequest('embryo <i>7</i>.tif');
    await brought(running.register, id, () => 'released');
    return id;
  }

  test('finds a file, reads its history, brings its images back, sees how far they are, and cancels', async () => {
    const id = await archived();
    const [file] = await running.register.reports.files({ requestId: id });
    const page = await chromium.open(`${running.settings.url}files`);
    await signIn(page, 'alice');
    await page.getByLabel('Path, or its beginning').fill(file!.path.slice(0, -4));
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('link', { name: file!.path }).click();
    await page.getByText('It is safe in the archive.').waitFor();
    expect(await page.getByText('Its original was removed').count()).toBe(1);

    await page.getByRole('link', { name: 'Bring back…' }).click();
    await page.getByRole('heading', { name: '2 images would come back' }).waitFor();
    await page.getByRole('button', { name: 'Bring 2.00 GiB back' }).click();
    await page.getByText('Under way').waitFor();
    await page.getByText('2 files waiting for the store').waitFor();

    await passedOn(running.register, id, ['retrieving']); // the open page shows it by itself
    await page.getByText('2 files being fetched').waitFor();

    await page.getByText('Cancel…').click();
    await page.getByRole('button', { name: 'Cancel the retrieval' }).click();
    await page.getByText('Nothing belongs to it now').waitFor();
    const files = await running.register.reports.files({ requestId: id });
    expect(files.map(({ state }) => state)).toEqual(['linked', 'linked']);
  });

  test('comes from OMERO.web, signs in, and has the images for some days, without scripts', async () => {
    const id = await archived();
    const images = (await running.register.reports.images(id)).map(({ imageId }) => imageId);
    const query = images.map((image) => `image=${image}`).join('&');
    const page = await chromium.open(`${running.settings.url}open?${query}`, { scripts: false });
    await signIn(page, 'alice');
    await page.getByRole('heading', { level: 1, name: '2 images in the archive' }).waitFor();
    expect(await page.getByText('embryo <i>7</i>.tif').count()).toBe(2);
    await page.getByRole('button', { name: 'Bring 2 images back…' }).click();
    await page.getByLabel('For some days: it stays archived').check();
    await page.getByLabel('Days', { exact: true }).fill('5');
    await page.getByRole('button', { name: 'Show what this means' }).click();
    await page.getByRole('button', { name: 'Make 2.00 GiB available for 5 days' }).click();
    await page.getByRole('heading', { name: '2 images for 5 days' }).waitFor();
  });
});
