import type { Page } from 'playwright-core';
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
    await page.getByText('Decline…').click();
    await page.getByRole('button', { name: 'Decline the request' }).click(); // the browser asks for the reason first
    expect((await running.register.requests.get(id))?.state).toBe('New');
    await page.getByLabel('Why it is declined').fill('<i>still in use</i>');
    await page.getByRole('button', { name: 'Decline the request' }).click();
    await page.getByText('Declined by dora').waitFor();
    expect(await page.getByText('The reason: <i>still in use</i>').count()).toBe(1);
    expect(await running.register.requests.get(id)).toMatchObject({ state: 'Declined', reason: '<i>still in use</i>' });
  });

  test('does all of it by keyboard', async () => {
    const id = await running.newRequest();
    const page = await chromium.open(`${running.settings.url}requests/${id}`);
    await page.locator('#username:focus').waitFor(); // it has the focus from the beginning
    await page.keyboard.type('dora');
    await page.keyboard.press('Tab');
    await page.keyboard.type('dora');
    expect(await page.getByLabel('Login name').inputValue()).toBe('dora');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /asks to archive/ }).waitFor();

    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    for (let presses = 0; presses < 10 && !(await focused(page)).startsWith('Approve'); presses += 1)
      await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Approve 1 fileset, 2.00 GiB');
    await page.keyboard.press('Enter');
    await page.getByText('Approved by dora').waitFor();
    expect((await running.register.requests.get(id))?.state).toBe('Approved');
  });

  test('does all of it with JavaScript switched off', async () => {
    const id = await running.newRequest();
    const page = await chromium.open(`${running.settings.url}requests/${id}`, { scripts: false });
    await signIn(page, 'dora');
    await page.getByRole('button', { name: /^Approve/ }).click();
    await page.getByText('Approved by dora').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Login name').waitFor();
    expect((await running.register.requests.get(id))?.state).toBe('Approved');
  });

  test.each(['light', 'dark'] as const)('fits a phone, and its style is applied (%s)', async (colours) => {
    const long = `${'a_very_long_name_without_a_space_'.repeat(8)}.tif`;
    const id = await running.newRequest(long);
    const page = await chromium.open(running.settings.url, { width: 400, colours });
    const fits = async (): Promise<void> => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
      const [dark, light] = ['rgb(17, 22, 27)', 'rgb(245, 247, 248)'];
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colours === 'dark' ? dark : light);
    };
    await fits();
    await signIn(page, 'dora');
    await page.getByRole('heading', { level: 1, name: /request/ }).waitFor();
    await fits();
    await page.goto(`${running.settings.url}requests/${id}`);
    expect(await page.getByText(long).count()).toBe(1);
    await fits();
  });

  test('sees names with markup as text, and no script of theirs runs', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const id = await running.newRequest(name);
    const page = await chromium.open(`${running.settings.url}requests/${id}`);
    await signIn(page, 'dora');
    await page.getByText(name).waitFor();
    expect(await page.title()).toMatch(/asks to archive 1 image/);
    expect(await page.locator('main img, main script, .who b').count()).toBe(0);
  });
});

/** The text of what has the focus. */
const focused = async (page: Page): Promise<string> =>
  (await page.evaluate<string>('document.activeElement.textContent')).trim();
