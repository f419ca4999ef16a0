import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';

describeInChromium('a data manager at a browser', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('story');
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  test('signs in, finds a request in the list, reads it and approves it', async () => {
    const id = await running.newRequest();
    const page = await chromium.open(running.settings.url);
    await signIn(page, 'dora');
    await page.getByRole('row').filter({ hasText: 'Waiting for a decision' }).getByRole('link').click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('asks to archive 1 image');
    await page.getByRole('button', { name: 'Approve 1 fileset, 2.00 GiB' }).click();
    await page.getByText('Approved by dora').waitFor();
    expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', decidedBy: 'dora' });
  });

  test('declines a request with a reason, which stays on the page as text', async () => {
    const id = await running.newRequest();
    const page = await chromium.open(`${running.settings.url}requests/${id}`);
    await signIn(page, 'dora');
    await page.getByRole('button', { name: 'Decline' }).click(); // the browser asks for the reason first
    expect((await running.register.requests.get(id))?.state).toBe('New');
    await page.getByLabel('Why it is declined').fill('<i>still in use</i>');
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByText('Declined by dora').waitFor();
    expect(await page.getByText('<i>still in use</i>').count()).toBe(1);
    expect(await running.register.requests.get(id)).toMatchObject({ state: 'Declined', reason: '<i>still in use</i>' });
  });
});
